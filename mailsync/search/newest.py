"""Page through mail, newest first, at a cost that does not grow with the mailbox."""

import json
import time
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db import connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.lookups import Lookup

from mailsync.models import LabelCount, Message
from mailsync.search.lists import MailList
from syncjobs.pagination import KeysetPagination, Place, ahead

NEAR = 4  # rows looked at for each one wanted, before the indexes of the search are asked
LEAST_NEAR = 200
MOST_READ = 3_000  # rows that are read in less time than an index takes to tell all that have a frequent word
LEAST_LOOKED = 1_000  # rows, before it is believed that matches are rare: mail of a kind comes in swarms
A_ROW = 25  # entries of an index that are passed over in the time that a row takes, if it is in memory
A_PHRASE = 1_000  # the same of all rows that are read for one with the words side by side; it is far more, or far less
MOST_TEXTS = 50_000  # messages whose texts one query may have to read: it ends within some seconds, whatever the disk
FEW_TEXTS = 2_000  # as many as this are read at once
PATIENCE = 3.0  # seconds, after which a search that reads texts ends its page where it is
LAST, HIGHEST = "\U0010ffff", 2**63 - 1  # beyond any Gmail id, any row


class NewestFirst(KeysetPagination):
    """By Gmail's own time; the row id parts the mail of two mailboxes that share time with Gmail id.

    No planner knows where in time the matches lie, and a wrong guess reads a whole mailbox: the newest mail is looked
    through first, row by row; where that does not fill the page, as much more as it seems to take, by the indexes of
    time and search together, which lead to the matches alone; where these are so rare that finding all of them costs
    less, all of them are found and sorted. Where the texts of all that have its words must be read, no page takes longer than
    some seconds: it may have fewer messages, or none, and the next one goes on where it ended.
    """

    fields = ("internal_date", "gmail_id", "id")

    def __init__(self, mail: MailList) -> None:
        self.mail = mail

    def fetch(self, queryset: QuerySet[Message], place: Place, count: int) -> list[Message]:
        """The next `count` of those in `queryset` that match, from `place` on, in its order."""
        self.reached = None
        if self.mail.span is None:
            return list(self._in_order(place.after(queryset), place.order, count))
        rows: list[Message] = []
        until = time.monotonic() + PATIENCE
        begin, looked, look = place, 0, max(LEAST_NEAR, NEAR * count)
        while look:
            end, stretch = self._end(begin, look), begin.after(queryset)
            if end is not None:
                stretch = stretch.filter(_moments(begin, end), _up_to(end))
            near = look <= MOST_READ and (rows or not looked)  # none so far: an index is soon through with rare words
            find = self._row_by_row if near else self._sorted
            rows += find(stretch, place, count - len(rows))
            if end is None or len(rows) == count:
                return rows
            begin, looked = end, looked + look
            if self.mail.by_phrase and time.monotonic() >= until:
                self.reached = _beyond(end) if self._end(end, 1) else None
                return rows
            look = self._look(begin.after(queryset), looked, len(rows), count)
        return rows + self._sorted(begin.after(queryset), place, count - len(rows))

    def _look(self, ahead: QuerySet[Any], looked: int, found: int, wanted: int) -> int:
        """How many more messages to look through; 0 for all that are left at once."""
        if not self.mail.by_phrase:
            return worth_looking(looked, found, wanted, self._held)
        look = worth_looking(looked, found, wanted, self._held, A_PHRASE)
        if not look and _expected(ahead.filter(self.mail.match.found)) <= FEW_TEXTS:
            return 0
        return min(look or MOST_TEXTS, MOST_TEXTS)

    def _end(self, begin: Place, count: int) -> Place | None:
        """Where the next `count` rows end; None where there are not so many.

        Many of them end with the moment of the last: to compare one column is cheap, so the planner has it compared
        before any long text.
        """
        there = Place(begin.fields[:2], begin.backwards, begin.position and begin.position[:2])
        order = Place(self.fields[:2], begin.backwards).order
        everything = Message.objects.filter(self.mail.span, account__in=self.mail.accounts).values_list(
            *self.fields[:2]
        )
        last = list(self._in_order(there.after(everything), order, count)[count - 1 :])
        exact = 2 if count <= MOST_READ else 1
        return Place(self.fields[:exact], begin.backwards, list(last[0][:exact])) if last else None

    @cached_property
    def _held(self) -> int:
        return sum(LabelCount.objects.whole(self.mail.accounts).values())

    def _row_by_row(self, queryset: QuerySet[Any], place: Place, count: int) -> list[Any]:
        """Without a bitmap of the search's indexes: it has all that match, however old, before the first row is read."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            rows = list(self._in_order(queryset.filter(self.mail.match.met), place.order, count))
            cursor.execute("SET LOCAL enable_bitmapscan TO DEFAULT")
        return rows

    def _sorted(self, queryset: QuerySet[Any], place: Place, count: int) -> list[Any]:
        """By whatever index finds what matches: the order is told in words that no index has, so no plan begins with it."""
        moment = ExpressionWrapper(F("internal_date") + Value(timedelta(0)), output_field=DateTimeField())
        order: list[Any] = [moment.asc() if place.backwards else moment.desc(), *place.order[1:]]
        return list(queryset.filter(self.mail.match.by_index()).order_by(*order)[:count])

    def _in_order(self, queryset: QuerySet[Any], order: list[str], count: int) -> QuerySet[Any]:
        """Each account in the order of its index, merged: one index scan over several accounts would sort them all."""
        parts = [queryset.filter(account=account).order_by(*order)[:count] for account in self.mail.accounts]
        if len(parts) < 2:
            return parts[0] if parts else queryset.none()
        return parts[0].union(*parts[1:], all=True).order_by(*order)[:count]


def _expected(queryset: QuerySet[Any]) -> int:
    """How many rows the planner expects; of several words that like each other it expects too few."""
    (plan,) = json.loads(queryset.order_by().explain(format="json"))
    return int(plan["Plan"]["Plan Rows"])


def _beyond(end: Place) -> list[Any]:
    """The position after all that a stretch up to `end` has looked at, by all fields."""
    rest = (LAST, HIGHEST) if end.backwards else ("", 0)
    position = list(end.position or [])
    return position + list(rest[len(position) - 1 :])


def worth_looking(looked: int, found: int, wanted: int, held: int, a_match: int = A_ROW) -> int:
    """How many more messages to look through where `found` of so many `looked` at match, half as many again as it takes.

    0 where that costs more than to find what matches in all of those held: of a million messages fifty thousand have a
    word of every twentieth, and ten thousand are sooner passed over; so few of them may say nothing of the others, though.
    """
    likely = max(found, 1)
    further = max(looked * (wanted - found) * 3 // (2 * likely), looked)
    if further * looked <= a_match * held * likely:
        return further
    return 0 if looked >= LEAST_LOOKED else 4 * looked


def _up_to(end: Place) -> Lookup[bool]:
    return ahead(end.fields, end.position or [], not end.backwards, inclusive=True)


def _moments(begin: Place, end: Place) -> Q:
    """Nothing new, but two bounds of one column are what the planner knows to be a range, however deep in the mailbox."""
    earlier, later = (begin, end) if end.backwards else (end, begin)
    bounds = {"internal_date__gte": earlier.position, "internal_date__lte": later.position}
    return Q(**{name: position[0] for name, position in bounds.items() if position})
