from tests.benchmarks.table import aligned


def test_names_stand_left_and_numbers_right() -> None:
    assert aligned(("full", "messages/s"), [["mailsync", "1,414"], ["bare", "9"]]).splitlines() == [
        "full      messages/s",
        "--------  ----------",
        "mailsync       1,414",
        "bare               9",
    ]
