from config.embedded.home import Home
from config.embedded.servers import NOWHERE, is_production, plan

COMPLETE = {
    "DATABASE_URL": "postgres://a@b/c",
    "REDIS_URL": "redis://d",
    "SECRET_KEY": "e",
    "TOKEN_ENCRYPTION_KEYS": "f",
}


def names(home: Home, environ: dict[str, str], *, simulator: bool = True) -> list[str]:
    return [server.name for server in plan(home, environ, simulator=simulator).servers]


def test_with_nothing_set_everything_is_ours(home: Home) -> None:
    made = plan(home, {}, simulator=True)
    assert [server.name for server in made.servers] == ["postgres", "valkey", "simulator"]
    assert made.environment["MAILSYNC_EMBEDDED"] == "1"
    assert made.environment["GMAIL_USER_UNITS_PER_MINUTE"] == made.environment["GMAIL_PROJECT_UNITS_PER_MINUTE"] == "0"
    assert {"DATABASE_URL", "REDIS_URL", "GOOGLE_BASE_URL", "SECRET_KEY"} <= set(made.environment)


def test_each_part_can_be_replaced_alone(home: Home) -> None:
    assert names(home, {"DATABASE_URL": "postgres://a@b/c"}) == ["valkey", "simulator"]
    assert names(home, {"REDIS_URL": "redis://d"}) == ["postgres", "simulator"]
    assert names(home, {"GOOGLE_BASE_URL": "http://127.0.0.1:1"}) == ["postgres", "valkey"]
    assert names(home, {"GOOGLE_CLIENT_ID": "mine"}) == ["postgres", "valkey"]
    assert names(home, {"DATABASE_URL_FILE": "/run/secrets/url"}) == ["valkey", "simulator"]


def test_a_complete_environment_is_left_as_it_is(home: Home) -> None:
    assert is_production(COMPLETE)
    made = plan(home, COMPLETE, simulator=True)
    assert made.servers == []
    assert "MAILSYNC_EMBEDDED" not in made.environment and "SECRET_KEY" not in made.environment


def test_without_debug_no_key_is_made_up(home: Home) -> None:
    made = plan(home, {"DEBUG": "False"}, simulator=True)
    assert "SECRET_KEY" not in made.environment and "MAILSYNC_EMBEDDED" not in made.environment


def test_without_a_simulator_nothing_reaches_the_real_google(home: Home) -> None:
    made = plan(home, {}, simulator=False)
    assert made.environment["GOOGLE_BASE_URL"] == NOWHERE and "MAILSYNC_SIMULATOR" not in made.environment
