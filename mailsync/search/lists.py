"""Describe a list of mail: whose, what narrows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from mailsync.models import Account, Message
from mailsync.search.matching import Match
from mailsync.search.query import NAMES_SPAM_OR_TRASH, has_phrase, matching, span, within

LISTED = (  # what a line of a list says
    *("account", "gmail_id", "thread_id", "internal_date", "labels", "has_attachments"),
    *("subject", "snippet", "sender_name", "sender_email", "to"),
)
BIG_COLUMNS = ("words", "defects")  # no list shows them


@dataclass(frozen=True, slots=True)
class MailList:
    """Those of `rows` that match; `span` is the stretch of time they lie in, None where nothing narrows the list.

    `by_phrase`: an index tells who has its words, who has them side by side is seen in each text.
    """

    rows: QuerySet[Message]
    match: Match
    accounts: Sequence[Account]
    span: Q | None
    by_phrase: bool

    @property
    def found(self) -> QuerySet[Message]:
        """All of it, by whatever index finds it."""
        return self.rows.filter(self.match.by_index())


def mail_list(accounts: Sequence[Account], label: str = "", q: str = "") -> MailList:
    """As in Gmail, spam and trash only where the label or `q` names them."""
    rows: QuerySet[Message] = Message.objects.filter(account__in=accounts).defer(*BIG_COLUMNS)
    if label:
        rows = rows.filter(labels__contains=[label])
    rows = within(rows, q, hidden=label.lower() in NAMES_SPAM_OR_TRASH)
    return MailList(rows, matching(q, accounts), accounts, span(q) if label or q.strip() else None, has_phrase(q))
