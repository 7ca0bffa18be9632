"""Page through conversations: each stands where its newest message does that matches."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr
from django.db.models import BigIntegerField, Case, Count, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, NullIf

from mailsync.models import Message
from mailsync.search.lists import LISTED
from mailsync.search.newest import NewestFirst
from syncjobs.pagination import Place, ahead

PER_CONVERSATION = 4  # messages read for each conversation wanted; where they are not enough, four times as many
Key = tuple[int, str]


class ByConversation(NewestFirst):
    """Newest first; a message is passed over where a newer one of its conversation matches, too.

    From the newest on, the newer ones have been met. From a place on, that is asked in what is selected and not in a
    condition: it is then asked of the rows that are met alone. Most are passed over, so only those kept are read whole.
    """

    def fetch(self, queryset: QuerySet[Message], place: Place, count: int) -> list[Message]:
        """The next `count` conversations from `place` on, by their newest message."""
        met_in_order = place.position is None and not place.backwards
        newer = Value(None, BigIntegerField()) if met_in_order else _newer(self.mail.rows.filter(self.mail.match.met))
        keys: Any = queryset.annotate(newer=newer).values_list(
            "account_id", "thread_id", *self.fields, "newer", named=True
        )
        kept: dict[Key, int] = {}
        chunk = PER_CONVERSATION * count
        while len(kept) < count:
            rows = super().fetch(keys, place, chunk)
            for row in rows:
                if row.newer is None:  # type: ignore[attr-defined] # annotated
                    kept.setdefault((row.account_id, row.thread_id), row.id)
            if len(rows) < chunk:
                break
            place = Place(self.fields, place.backwards, [getattr(rows[-1], name) for name in self.fields])
            chunk *= 4
        return _whole(list(kept.values())[:count])


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a list says of a conversation as a whole."""

    size: int
    people: list[str]  # who wrote, in order, each once; "" is the owner of the mailbox
    unread: bool
    starred: bool
    has_attachments: bool


def conversations(rows: list[Message]) -> dict[Key, Conversation]:
    """Those that `rows` stand for, by account and thread, in one query; one that lies in spam or trash alone is left out."""
    threads = {(row.account_id, row.thread_id) for row in rows}
    of_them = Q(account__in={account for account, _ in threads}, thread_id__in={thread for _, thread in threads})
    found = (
        Message.objects.filter(of_them)
        .present()
        .outside_spam_and_trash()
        .values("account_id", "thread_id")
        .annotate(
            size=Count("pk"),
            people=ArrayAgg(_writer(), order_by=["internal_date", "gmail_id"]),
            unread=BoolOr(Q(labels__contains=["UNREAD"])),
            starred=BoolOr(Q(labels__contains=["STARRED"])),
            files=BoolOr("has_attachments"),
        )
        .order_by()
        .values_list("account_id", "thread_id", "size", "people", "unread", "starred", "files")
    )
    return {
        (account, thread): Conversation(size, list(dict.fromkeys(people)), *marks)
        for account, thread, size, people, *marks in found
    }


def _writer() -> Case:
    somebody = Coalesce(NullIf(F("sender_name"), Value("", TextField())), F("sender_email"), output_field=TextField())
    return Case(When(sender_email__iexact=F("account__email"), then=Value("", TextField())), default=somebody)


def _whole(ids: list[int]) -> list[Message]:
    """In this order, whatever became of their labels in the meantime."""
    found = Message.objects.only(*LISTED).in_bulk(ids) if ids else {}
    return [found[each] for each in ids if each in found]


def _newer(matching: QuerySet[Message]) -> Subquery:
    """Any newer message of the same conversation that matches. Without an order: the index of threads answers it."""
    later: Any = ahead(("internal_date", "gmail_id"), [OuterRef("internal_date"), OuterRef("gmail_id")], backwards=True)
    same = matching.filter(later, account=OuterRef("account"), thread_id=OuterRef("thread_id"))
    return Subquery(same.order_by().values("pk")[:1])
