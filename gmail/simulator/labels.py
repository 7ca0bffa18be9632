"""The labels that a mailbox is born with."""

from dataclasses import dataclass

SYSTEM = (
    "CHAT",
    "SENT",
    "INBOX",
    "IMPORTANT",
    "TRASH",
    "DRAFT",
    "SPAM",
    "CATEGORY_FORUMS",
    "CATEGORY_UPDATES",
    "CATEGORY_PERSONAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_SOCIAL",
    "STARRED",
    "UNREAD",
)
HIDDEN = frozenset(
    {"CHAT", "CATEGORY_FORUMS", "CATEGORY_UPDATES", "CATEGORY_PERSONAL", "CATEGORY_PROMOTIONS", "CATEGORY_SOCIAL"}
)
USER = ("Work", "Work/Projects", "Family", "Receipts", "Travel", "发票", "旅行", "Büro & Ämter", "仕事", "To read")


@dataclass(frozen=True, slots=True)
class Label:
    """`type` is "system" or "user"; user labels have ids Label_N."""

    id: str
    name: str
    type: str


def initial() -> dict[str, Label]:
    """All system labels, then the user's own, by id."""
    system = {name: Label(name, name, "system") for name in SYSTEM}
    return system | {f"Label_{n}": Label(f"Label_{n}", name, "user") for n, name in enumerate(USER, start=1)}
