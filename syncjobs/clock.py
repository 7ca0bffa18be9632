"""The one clock of jobs: the database's, read when it is asked and not when the transaction began."""

from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, DurationField, Func, Value
from django.db.models.expressions import Combinable, CombinedExpression


class SyncNow(Func):
    """clock_timestamp(), moved by the session setting `sync.clock_offset` where a test turns time.

    now() would be the start of the transaction: a statement that waited for a lock would write a heartbeat of the past.
    """

    function = "sync_now"
    template = "%(function)s()"
    output_field = DateTimeField()


def in_(span: timedelta) -> CombinedExpression:
    """The moment `span` from now, by the database's clock (negative: ago)."""
    return CombinedExpression(
        SyncNow(), Combinable.ADD, Value(span, output_field=DurationField()), output_field=_MOMENT
    )


_MOMENT: Any = DateTimeField()
