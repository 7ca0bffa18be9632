"""Search operators."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from gmail.simulator.mailbox import Message
from gmail.simulator.service import Service
from tests.gmail.simulator.visitor import NOW, ask

DAY = 86_400


def found(service: Service, query: str) -> set[str]:
    status, page = ask(service, f"messages?maxResults=500&q={quote(query)}")
    assert status == 200
    return {message["id"] for message in page.get("messages", ())}


def expected(service: Service, test: Callable[[Message], bool]) -> set[str]:
    return {m.id for m in service.world.mailbox("a@example.com").newest_first() if test(m)}


def visible(labels: frozenset[str]) -> bool:
    return labels.isdisjoint({"SPAM", "TRASH"})


@pytest.mark.parametrize("operator", ["after", "before"])
def test_epoch_seconds_are_exact(service: Service, operator: str) -> None:
    middle = list(service.world.mailbox("a@example.com").newest_first())[30].date // 1000

    newer = expected(service, lambda m: visible(m.labels) and m.date >= middle * 1000)
    older = expected(service, lambda m: visible(m.labels) and m.date < middle * 1000)
    assert found(service, f"{operator}:{middle}") == (newer if operator == "after" else older)
    assert newer
    assert older


def test_a_date_is_midnight_at_the_pacific(service: Service) -> None:
    midnight = 1_704_096_000  # 2024-01-01T00:00 in California
    service.world.perform(
        "deliver",
        NOW,
        email="a@example.com",
        messages=[{"internalDate": (midnight + shift) * 1000} for shift in (-1, 0)],
    )

    assert (
        len(found(service, "after:2024/01/01 before:2024/01/02"))
        - len(found(service, "after:2024/1/2 before:2024/1/2"))
        >= 1
    )
    after = found(service, f"after:2024/01/01 before:{midnight + 1}")
    assert len(after) == 1


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("newer_than:30d", lambda m: visible(m.labels) and m.date >= (NOW - 30 * DAY) * 1000),
        ("older_than:1y", lambda m: visible(m.labels) and m.date < (NOW - 365 * DAY) * 1000),
        ("in:spam", lambda m: "SPAM" in m.labels),
        ("in:anywhere", lambda m: True),
        ("in:inbox is:unread", lambda m: visible(m.labels) and {"INBOX", "UNREAD"} <= m.labels),
        ("-in:inbox", lambda m: visible(m.labels) and "INBOX" not in m.labels),
        ("larger:10K", lambda m: visible(m.labels) and m.size >= 10_240),
        ("smaller:4096", lambda m: visible(m.labels) and m.size < 4_096),
        ("label:Label_1", lambda m: visible(m.labels) and "Label_1" in m.labels),
        ("label:work-projects", lambda m: visible(m.labels) and "Label_2" in m.labels),
        ("label:发票", lambda m: visible(m.labels) and "Label_6" in m.labels),
        ("category:promotions", lambda m: visible(m.labels) and "CATEGORY_PROMOTIONS" in m.labels),
        ("{in:sent is:starred}", lambda m: visible(m.labels) and bool(m.labels & {"SENT", "STARRED"})),
        ("is:read", lambda m: visible(m.labels) and "UNREAD" not in m.labels),
    ],
)
def test_an_operator_finds_what_it_says(service: Service, query: str, test: Callable[[Message], bool]) -> None:
    assert found(service, query) == expected(service, test)


def test_a_message_is_found_by_its_message_id(service: Service) -> None:
    message = next(m for m in service.world.mailbox("a@example.com").newest_first() if visible(m.labels))

    assert found(service, f"rfc822msgid:{message.origin.message_id(message)}") == {message.id}


@pytest.mark.parametrize(
    "query", ["(" * 5_000, "after:²²²²²", "newer_than:9999999y", "larger:", "-", '"', "in:", "{}", "()"]
)
def test_nonsense_is_answered(service: Service, query: str) -> None:
    assert isinstance(found(service, query), set)


def test_words_match_headers_and_beginning(service: Service) -> None:
    service.world.perform(
        "deliver", NOW, email="a@example.com", messages=[{"subject": "Über Wombats", "text": "A tale of marsupials."}]
    )

    assert len(found(service, "subject:wombats")) == 1
    assert len(found(service, "marsupials")) == 1
    assert found(service, "from:wombats") == set()
