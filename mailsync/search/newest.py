"""Page through mail, newest first, at a cost that does not grow with the mailbox."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F, QuerySet, Value

from mailsync.models import Account, LabelCount, Message
from mailsync.search.lists import MailList
from syncjobs.pagination import KeysetPagination, Place, ahead

NEAR = 20  # rows looked at for each one wanted, before the indexes of the search are asked
LEAST_NEAR = 1_000


class NewestFirst(KeysetPagination):
    """By Gmail's own time; the row id parts the mail of two mailboxes that share time with Gmail id.

    No planner knows where in time the matches lie, and a wrong guess reads a whole mailbox: the newest mail is looked
    through first, in order; where that does not fill the page, a little more of it, if so much matches that it is near;
    else matches are rare, and all of them are found and sorted.
    """

    fields = ("internal_date", "gmail_id", "id")

    def __init__(self, mail: MailList) -> None:
        self.mail = mail

    def fetch(self, queryset: QuerySet[Message], place: Place, count: int) -> list[Message]:
        """The next `count` messages from `place` on, in its order."""
        if self.mail.span is None:
            return list(self._in_order(queryset, place, count))
        looked = max(LEAST_NEAR, NEAR * count)
        rows, complete = self._near(queryset, place, count, looked)
        if not complete and (further := worth_looking(looked, len(rows), count, self._held)):
            rows, complete = self._near(queryset, place, count, further)
        return rows if complete else list(place.after(queryset).order_by(*_unplanned(place))[:count])

    def _near(self, queryset: QuerySet[Message], place: Place, count: int, look: int) -> tuple[list[Message], bool]:
        """What matches among the next `look` messages; whether that is all that is wanted, or all there is."""
        end = self._end_of_near(place, look)
        near = (
            queryset
            if end is None
            else queryset.filter(ahead(self.fields[:2], end, not place.backwards, inclusive=True))
        )
        rows = list(self._in_order(near, place, count))
        return rows, end is None or len(rows) == count

    def _held(self) -> int:
        return sum(LabelCount.objects.whole(self.mail.accounts).values())

    def _end_of_near(self, place: Place, count: int) -> list[Any] | None:
        """The moment and id of the last row to look at; None where there are not so many."""
        indexed = Place(self.fields[:2], place.backwards, place.position and place.position[:2])
        everything = Message.objects.filter(self.mail.span, account__in=self.mail.accounts).values(*indexed.fields)
        last = list(self._in_order(everything, indexed, count)[count - 1 :])
        return list(last[0].values()) if last else None

    def _in_order(self, queryset: QuerySet[Any], place: Place, count: int) -> QuerySet[Any]:
        """Each account in the order of its index, merged: one index scan over several accounts would sort them all."""
        parts = [self._of(account, queryset, place, count) for account in self.mail.accounts]
        if len(parts) < 2:
            return parts[0] if parts else queryset.none()
        return parts[0].union(*parts[1:], all=True).order_by(*place.order)[:count]

    def _of(self, account: Account, queryset: QuerySet[Any], place: Place, count: int) -> QuerySet[Any]:
        return place.after(queryset.filter(account=account)).order_by(*place.order)[:count]


def worth_looking(looked: int, found: int, wanted: int, held: Callable[[], int]) -> int:
    """How many messages to look through in order where `found` of so many `looked` at match, half as many again as it takes.

    0 where that is more than what matches in all of those held: finding all of it costs less then. A word of every
    twentieth mail just misses its page among the newest thousand; of a million messages, fifty thousand have it.
    """
    if not found:
        return 0
    further = looked * wanted * 3 // (2 * found)
    return further if further * looked <= held() * found else 0


def _unplanned(place: Place) -> list[Any]:
    """The same order in words that no index has: what matches must be found first."""
    moment = ExpressionWrapper(F("internal_date") + Value(timedelta(0)), output_field=DateTimeField())
    return [moment.asc() if place.backwards else moment.desc(), *place.order[1:]]
