import pytest

from gmail.prices import PRICES, price_table


def test_a_year_names_its_table() -> None:
    assert price_table("2026")["messages.get"] == 20
    assert price_table("2021")["messages.get"] == 5
    assert (price_table("2026")["threads.get"], price_table("2021")["threads.get"]) == (40, 10)
    assert PRICES["2026"].keys() == PRICES["2021"].keys()


def test_json_changes_single_prices_of_the_newest_table() -> None:
    assert price_table('{"messages.list": 7}') == {**PRICES["2026"], "messages.list": 7}


@pytest.mark.parametrize(
    "spec", ["", "2019", "[]", '{"messages.get": "20"}', '{"messages.get": -1}', '{"mesages.get": 1}']
)
def test_a_table_that_cannot_be_meant_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r"neither|no methods"):
        price_table(spec)
