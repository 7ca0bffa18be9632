"""Page through mail, newest first, at a cost that does not grow with the mailbox."""

from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F, QuerySet, Value

from mailsync.models import Account, Message
from mailsync.search.lists import MailList
from syncjobs.pagination import KeysetPagination, Place, ahead

NEAR = 20  # rows looked at for each one wanted, before the indexes of the search are asked
LEAST_NEAR = 1_000


class NewestFirst(KeysetPagination):
    """By Gmail's own time; the row id parts the mail of two mailboxes that share time with Gmail id.

    No planner knows where in time the matches lie, and a wrong guess reads a whole mailbox: the newest mail is looked
    through first, in order; where that does not fill the page, matches are rare, and all of them are found and sorted.
    """

    fields = ("internal_date", "gmail_id", "id")

    def __init__(self, mail: MailList) -> None:
        self.mail = mail

    def fetch(self, queryset: QuerySet[Message], place: Place, count: int) -> list[Message]:
        """The next `count` messages from `place` on, in its order."""
        if self.mail.span is None:
            return list(self._in_order(queryset, place, count))
        end = self._end_of_near(place, max(LEAST_NEAR, NEAR * count))
        near = (
            queryset
            if end is None
            else queryset.filter(ahead(self.fields[:2], end, not place.backwards, inclusive=True))
        )
        rows = list(self._in_order(near, place, count))
        if end is None or len(rows) == count:
            return rows
        return list(place.after(queryset).order_by(*_unplanned(place))[:count])

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


def _unplanned(place: Place) -> list[Any]:
    """The same order in words that no index has: what matches must be found first."""
    moment = ExpressionWrapper(F("internal_date") + Value(timedelta(0)), output_field=DateTimeField())
    return [moment.asc() if place.backwards else moment.desc(), *place.order[1:]]
