from tests.benchmarks import parsers

ALIKE = {"subject": "a", "from_": "b", "to": [], "date": 1, "attachments": []}
OTHER = ALIKE | {"subject": "z"}


def test_what_three_see_alike_is_usual() -> None:
    assert parsers.majority([ALIKE, ALIKE, OTHER, "ValueError"])["date"] == "1"
    assert "subject" not in parsers.majority([ALIKE, ALIKE, OTHER])
    assert parsers.majority([ALIKE, ALIKE, ALIKE, OTHER])["subject"] == '"a"'


def test_whoever_raises_agrees_with_nobody() -> None:
    usual = [parsers.majority([ALIKE] * 3)] * 4
    assert parsers.agreement([ALIKE, OTHER, "ValueError", ALIKE], usual, "subject") == 0.5
    assert parsers.agreement([ALIKE, OTHER, "ValueError", ALIKE], usual, "date") == 0.75


def test_a_library_that_is_missing_is_named() -> None:
    line = parsers.row("python", "flanker", {"missing": True}, {"missing": True}, [])
    assert line[:2] == ["flanker", "not installed"]
    assert len(line) == len(parsers.HEADS)
