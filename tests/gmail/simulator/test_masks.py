"""Partial answers."""

import pytest

from gmail.simulator import masks
from gmail.simulator.refusals import Refusal

PAGE = {
    "messages": [{"id": "1", "threadId": "2"}],
    "nextPageToken": "x",
    "payload": {"headers": [1], "body": {"size": 3}},
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("messages/id,nextPageToken", {"messages": [{"id": "1"}], "nextPageToken": "x"}),
        ("messages(id,threadId)", {"messages": [{"id": "1", "threadId": "2"}]}),
        ("payload(headers,body/size)", {"payload": {"headers": [1], "body": {"size": 3}}}),
        ("messages", {"messages": [{"id": "1", "threadId": "2"}]}),
        ("*", PAGE),
        ("absent", {}),
    ],
)
def test_a_mask_keeps_what_it_names(fields: str, expected: object) -> None:
    assert masks.apply(fields, PAGE) == expected


@pytest.mark.parametrize("fields", ["a;b", "a)", "ünder"])
def test_a_mask_that_is_none_is_refused(fields: str) -> None:
    with pytest.raises(Refusal):
        masks.apply(fields, PAGE)


def test_a_key_can_be_left_out_at_any_depth() -> None:
    assert masks.without("id", {"id": 1, "list": [{"id": 2, "x": {"id": 3}}]}) == {"list": [{"x": {}}]}
