from tests.benchmarks.targets import figure, judged


def test_what_exceeds_its_target_is_called_failed_and_counted() -> None:
    told = judged([figure("memory", 150.0, 150), figure("units", 151.5, 150), figure("CPU", 0.954, 1.5)])
    lines = told.splitlines()
    assert [line.split() for line in lines[2:5]] == [
        ["memory", "150", "150", "ok"],
        ["units", "152", "150", "FAIL"],
        ["CPU", "0.95", "1.50", "ok"],
    ]
    assert lines[-1] == "1 of 3 missed"
