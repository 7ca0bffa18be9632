"""Say the labels of a message in the words of Google's Takeout, its state in the letters of a Maildir."""

import json
from collections.abc import Mapping, Sequence
from email.charset import QP, Charset
from email.header import Header

from mailsync.models import Account, Label, Message

SYSTEM = {
    "INBOX": "Inbox",
    "STARRED": "Starred",
    "IMPORTANT": "Important",
    "SENT": "Sent",
    "DRAFT": "Drafts",
    "UNREAD": "Unread",
    "CHAT": "Chat",
    "SPAM": "Spam",
    "TRASH": "Trash",
}
CATEGORY = "CATEGORY_"
SOMEWHERE = {"INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "CHAT"}
FLAGS = {"DRAFT": "D", "STARRED": "F", "TRASH": "T"}
FIELD = "X-Gmail-Labels"
LINE = 76
LONGEST_LINE = 900  # RFC 5322 has 998: where labels have no blanks, nothing can be folded but encoded words

_words = Charset("utf-8")
_words.header_encoding = QP

Names = Mapping[tuple[int, str], str]  # (account, label id) -> the name that its owner gave it


def names_of(accounts: Sequence[Account]) -> dict[tuple[int, str], str]:
    """What the labels of these accounts are called now."""
    rows = Label.objects.filter(account__in=accounts).values_list("account_id", "label_id", "name")
    return {(account, label_id): name for account, label_id, name in rows}


def takeout_labels(message: Message, names: Names) -> list[str]:
    """Its labels as Takeout calls them; what is in none of the boxes is Archived, what is not Unread is Opened."""
    found = [_takeout_label(each, names.get((message.account_id, each), each)) for each in message.labels]
    if not SOMEWHERE & set(message.labels):
        found.append("Archived")
    return found if "UNREAD" in message.labels else [*found, "Opened"]


def label_header(labels: Sequence[str]) -> str:
    """The value of X-Gmail-Labels: ASCII, folded with line feeds, whatever people call their labels."""
    text = ",".join(f'"{each}"' if "," in each else each for each in map(_one_line, labels))
    if text.isascii():
        folded = Header(text, maxlinelen=LINE, header_name=FIELD).encode(linesep="\n")
        if max(map(len, folded.split("\n"))) <= LONGEST_LINE:
            return folded
    return Header(text, _words, maxlinelen=LINE, header_name=FIELD).encode(linesep="\n")


def flags(message: Message) -> str:
    """The flags of a Maildir in the order that it wants; none for what nobody has seen."""
    seen = "" if "UNREAD" in message.labels else "S"
    return "".join(sorted(seen + "".join(FLAGS.get(each, "") for each in message.labels)))


def label_line(message: Message, file: str, names: Names) -> str:
    """A line of `labels.jsonl`, which stands beside files that are exact to the byte."""
    line = {
        "file": file,
        "gmail_id": message.gmail_id,
        "thread_id": message.thread_id,
        "internal_date": message.internal_date.isoformat(),
        "labels": takeout_labels(message, names),
        "label_ids": message.labels,
    }
    return json.dumps(line, ensure_ascii=False) + "\n"


def _takeout_label(label_id: str, name: str) -> str:
    if label_id.startswith(CATEGORY):
        return f"Category {label_id.removeprefix(CATEGORY).capitalize()}"
    return SYSTEM.get(label_id, name)


def _one_line(name: str) -> str:
    """A name that can end no header."""
    return "".join(character if character.isprintable() else " " for character in name).replace('"', "'")
