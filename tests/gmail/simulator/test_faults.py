"""Which calls meet trouble."""

import pytest

from gmail.simulator.faults import KINDS, Faults, Rule


def struck(rule: dict[str, object], calls: int = 10, method: str = "messages.get", **more: object) -> list[int]:
    faults = Faults(1)
    faults.replace([Rule.read(rule)])
    return [n for n in range(calls) if faults.strike(method, **more) is not None]  # type: ignore[arg-type]


def test_a_rule_without_match_strikes_every_call() -> None:
    assert struck({"fault": "500"}, 3) == [0, 1, 2]


def test_times_bounds_the_strikes() -> None:
    assert struck({"fault": "500", "times": 2}) == [0, 1]


def test_every_counts_matching_calls() -> None:
    assert struck({"fault": "500", "match": {"every": 3}}) == [2, 5, 8]


@pytest.mark.parametrize("match", [{"method": "history.list"}, {"ids": ["b"]}, {"email": "b@example.com"}])
def test_other_calls_are_left_alone(match: dict[str, object]) -> None:
    assert struck({"fault": "500", "match": match}, id="a", email="a@example.com") == []


def test_probability_is_reproducible() -> None:
    first = struck({"fault": "500", "probability": 0.5}, 200)

    assert 60 < len(first) < 140
    assert first == struck({"fault": "500", "probability": 0.5}, 200)


def test_a_page_token_expires_only_where_there_is_one() -> None:
    assert struck({"fault": "expired_page_token"}, 2, "messages.list") == []
    assert struck({"fault": "expired_page_token"}, 2, "messages.list", paged=True) == [0, 1]


@pytest.mark.parametrize("rule", [{"fault": "nonsense"}, {"fault": "500", "match": {"verb": "GET"}}, {}])
def test_a_rule_that_means_nothing_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a rule"):
        Rule.read(rule)


def test_all_promised_faults_exist() -> None:
    promised = "429 403 failedPrecondition 500 503 reset truncate hang slow missing_part history404 empty_page"

    assert set(f"{promised} expired_page_token absent_labels".split()) <= KINDS
