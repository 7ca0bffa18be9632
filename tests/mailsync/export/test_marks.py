"""Labels as Takeout says them, state as a Maildir says it."""

from email import message_from_bytes
from email.header import decode_header, make_header

import pytest

from mailsync.export.marks import flags, label_header, takeout_labels
from tests.mailsync.export.mail import message


def test_labels_are_called_as_takeout_calls_them() -> None:
    mail = message(labels=["INBOX", "CATEGORY_UPDATES", "IMPORTANT", "Label_3", "Label_4"])
    names = {(1, "Label_3"): "Work/Reports", (2, "Label_4"): "of somebody else"}
    assert takeout_labels(mail, names) == [
        "Inbox",
        "Category Updates",
        "Important",
        "Work/Reports",
        "Label_4",
        "Opened",
    ]
    assert takeout_labels(message(labels=["UNREAD"]), {}) == ["Unread", "Archived"]


@pytest.mark.parametrize(
    "labels",
    [
        ["Inbox", "Unread"],
        ["工作", "Büro, Köln", "Inbox"],
        [f"A label of some length {n}" for n in range(40)],
        [f"WithoutABlank{n}" for n in range(90)],
        [],
    ],
)
def test_the_header_is_ascii_in_short_lines_and_says_the_labels(labels: list[str]) -> None:
    value = label_header(labels)
    assert value.isascii() and all(len(line) <= 78 for line in value.splitlines())
    header = message_from_bytes(f"X-Gmail-Labels: {value}\n\n".encode())["X-Gmail-Labels"]
    read = str(make_header(decode_header(header))).replace("\n", "")
    assert read == ",".join(f'"{each}"' if "," in each else each for each in labels)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [(["UNREAD"], ""), ([], "S"), (["STARRED", "UNREAD"], "F"), (["TRASH", "STARRED", "DRAFT"], "DFST")],
)
def test_flags_stand_in_the_order_that_a_maildir_wants(labels: list[str], expected: str) -> None:
    assert flags(message(labels=labels)) == expected
