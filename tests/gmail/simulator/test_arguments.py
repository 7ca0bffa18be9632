"""The command line."""

import pytest

from gmail.simulator import arguments
from gmail.simulator.settings import Settings


def read(*words: str) -> Settings:
    return arguments.read(arguments.parser().parse_args(words))


def test_accounts_are_addresses_or_a_number() -> None:
    assert read("--accounts", "a@example.com, b@example.com").accounts == ("a@example.com", "b@example.com")
    assert read("--accounts", "2").accounts == ("user1@example.com", "user2@example.com")
    assert read().accounts == ("demo@example.com",)


@pytest.mark.parametrize(
    "words",
    [("--accounts", "nobody"), ("--accounts", "0"), ("--latency", "soon"), ("--corpus", "/absent"), ("--proxy", "1")],
)
def test_nonsense_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        read(*words)


def test_every_setting_can_be_given_and_the_defaults_agree() -> None:
    given = read("--now", "5")

    assert given == Settings(accounts=("demo@example.com",), messages=2_000, seed=1, now=5.0)
    assert "s3cret" not in repr(read("--client-secret", "s3cret"))
