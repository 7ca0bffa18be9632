import base64

import pytest

from gmail import decode
from gmail.errors import Transient
from gmail.resources import (
    HistoryPage,
    HistoryRecord,
    Label,
    LabelChange,
    Message,
    MessagePage,
    MessageRef,
    Profile,
    Thread,
)

ITEM = {"id": "18f", "threadId": "18e"}


def test_64_bit_numbers_come_as_strings() -> None:
    body = {"emailAddress": "a@b", "messagesTotal": 3, "threadsTotal": 2, "historyId": "18446744073709551615"}
    assert decode.profile(body) == Profile("a@b", 3, 2, 18446744073709551615)


def test_empty_lists_are_absent() -> None:
    assert decode.message_page({"resultSizeEstimate": 0}) == MessagePage((), None, 0)
    assert decode.history_page({"historyId": "7"}) == HistoryPage((), None, 7)
    assert decode.labels({}) == []


def test_a_label_without_a_type_is_the_users() -> None:
    body = {"labels": [{"id": "INBOX", "name": "INBOX", "type": "system"}, {"id": "L1", "name": "Bills"}]}
    assert decode.labels(body) == [Label("INBOX", "INBOX", "system"), Label("L1", "Bills", "user")]


def test_a_message_has_plain_snippet_and_bytes() -> None:
    body = ITEM | {"historyId": "9", "internalDate": "1700000000123", "sizeEstimate": 5}
    body |= {"snippet": "Tom &amp; Jerry&#39;s", "raw": "_-8", "labelIds": ["INBOX"]}
    assert decode.message(body) == Message("18f", "18e", ("INBOX",), 9, 1700000000123, 5, "Tom & Jerry's", b"\xff\xef")


def test_a_snippet_holds_nothing_that_postgres_refuses() -> None:
    body = ITEM | {"historyId": "9", "internalDate": "1", "snippet": "a\0b\ud800c"}
    assert decode.message(body).snippet == "a\ufffdb\ufffdc"


def test_a_message_in_another_format_has_no_raw() -> None:
    assert decode.message(ITEM | {"historyId": "9", "internalDate": "1"}).raw is None


def test_a_message_in_full_keeps_its_tree() -> None:
    tree = {"mimeType": "text/plain", "body": {"size": 0}}
    assert decode.message(ITEM | {"historyId": "9", "internalDate": "1", "payload": tree}).payload == tree


def test_a_thread_has_its_messages_in_order() -> None:
    first, second = ({"id": id, "threadId": "t", "historyId": "9", "internalDate": "1"} for id in ("a", "b"))
    thread = decode.thread({"id": "t", "historyId": "11", "messages": [first, second]})
    assert thread == Thread("t", 11, (decode.message(first), decode.message(second)))
    assert decode.thread({"id": "t", "historyId": "11"}).messages == ()


@pytest.mark.parametrize(
    "cut",
    [{}, {"id": "t"}, {"id": "t", "historyId": "1", "messages": [ITEM]}, {"id": "t", "historyId": "1", "messages": 5}],
)
def test_a_thread_that_lacks_a_part_is_worth_another_try(cut: object) -> None:
    with pytest.raises(Transient):
        decode.thread(cut)  # type: ignore[arg-type]


def test_a_payload_that_is_no_tree_is_worth_another_try() -> None:
    with pytest.raises(Transient):
        decode.message(ITEM | {"historyId": "9", "internalDate": "1", "payload": "cut"})


def test_a_history_record_keeps_its_kinds_apart() -> None:
    change = {"message": ITEM, "labelIds": ["UNREAD"]}
    record = {
        "id": "5",
        "messages": [ITEM],
        "messagesAdded": [{"message": ITEM}],
        "messagesDeleted": [{"message": ITEM}],
        "labelsAdded": [change],
        "labelsRemoved": [change],
    }
    reference, labels = MessageRef("18f", "18e"), LabelChange("18f", "18e", ("UNREAD",))
    assert decode.history_page({"history": [record], "historyId": "6", "nextPageToken": "t"}) == HistoryPage(
        (HistoryRecord(5, (reference,), (reference,), (labels,), (labels,)),), "t", 6
    )


@pytest.mark.parametrize("cut", [{}, ITEM, ITEM | {"historyId": "x", "internalDate": "1"}, [], None, "text"])
def test_an_answer_that_lacks_what_gmail_promises_is_worth_another_try(cut: object) -> None:
    with pytest.raises(Transient):
        decode.message(cut)  # type: ignore[arg-type]


def test_raw_that_was_cut_inside_a_digit_is_worth_another_try() -> None:
    with pytest.raises(Transient):
        decode.message(ITEM | {"historyId": "9", "internalDate": "1", "raw": "AAAAA"})


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("size", [decode.STEP * 3 // 4, decode.STEP * 2 + 1, decode.STEP * 2 + 2])
def test_a_big_text_is_decoded_in_steps_to_the_same_bytes(size: int, padded: bool) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    text = base64.urlsafe_b64encode(content).decode()
    assert decode.base64url(text if padded else text.rstrip("=")) == content


def test_a_big_text_that_was_cut_is_no_bytes() -> None:
    with pytest.raises(ValueError):
        decode.base64url("A" * (decode.STEP + 1))
