"""Charts: every value is one that was counted, every number leads to what stands behind it."""

from datetime import date

from mailsync.dashboard import charts

TODAY = date(2024, 3, 10)


def test_a_month_without_mail_is_a_zero_and_not_a_slope() -> None:
    chart = charts.months([["2023-12", 4, 1], ["2024-02", 6, 0]], 7)
    assert [values for _name, values in chart.series] == [[4, 0, 6], [1, 0, 0]]
    assert [row[1].text for row in chart.rows] == ["6", "4"]


def test_a_month_leads_to_its_mail() -> None:
    chart = charts.months([["2023-12", 4, 1]], 7)
    assert chart.rows[0][0].link == "/mail/?account=7&q=after%3A2023%2F12%2F01+before%3A2024%2F01%2F01"


def test_only_the_last_three_years_are_drawn_but_all_stand_in_the_table() -> None:
    counted = [[f"{year}-05", 1, 0] for year in range(1970, 2025)]
    chart = charts.months(counted, 7)
    assert len(chart.labels) == charts.MONTHS
    assert sum(chart.series[0][1]) == 3
    assert len(chart.rows) == 55


def test_no_mail_makes_no_bars() -> None:
    assert charts.months([], 7).rows == []
    assert charts.senders([], 7).rows == []
    assert all(not hour.mails and not hour.shade for _day, hours in charts.week([]) for hour in hours)


def test_the_darkest_hour_is_that_of_most_mail_and_one_mail_is_already_seen() -> None:
    week = charts.week([[1, 9, 100], [7, 23, 1]])
    assert week[0][1][9] == charts.Hour(100, 5)
    assert week[6][1][23] == charts.Hour(1, 1)
    assert week[3][1][3] == charts.Hour(0, 0)


def test_units_are_drawn_against_what_the_limit_allows_in_a_day() -> None:
    chart = charts.units([(TODAY, 86_400)], TODAY, 6_000)
    assert chart.series[0][1][-1] == 1.0
    assert chart.rows[0][-1].text == "1.00 %"
    assert charts.units([(TODAY, 5)], TODAY, 0).series[0][1][-1] == 5


def test_days_without_a_sync_are_empty() -> None:
    chart = charts.syncs([["2024-03-09", 3, 1, 0, 12]], TODAY, 7)
    assert len(chart.labels) == 30
    assert [values[-2:] for _name, values in chart.series] == [[3, 0], [1, 0], [0, 0]]
