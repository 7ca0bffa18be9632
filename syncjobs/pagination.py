"""Page through a list by keyset: constant cost, nothing twice, nothing skipped, however many rows share a moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import BooleanField, F, Func, Value
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual, Lookup
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from syncjobs.parameters import whole

SALT = "mailsync.cursor"
LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins and which way it goes; the list itself runs from the newest, highest row down."""

    fields: tuple[str, ...]
    backwards: bool = False
    position: list[Any] | None = None  # of the row that the page follows, by `fields`

    @property
    def order(self) -> list[str]:
        """The order in which rows are met on the way."""
        return [name if self.backwards else f"-{name}" for name in self.fields]

    def after(self, rows: Any) -> Any:
        """The rows that lie ahead."""
        return rows.filter(ahead(self.fields, self.position, self.backwards)) if self.position else rows


class KeysetPagination(BasePagination):
    """Newest first by `fields`, whose last one is unique; the cursor is signed, so that it cannot be made up."""

    fields: tuple[str, ...] = ("id",)
    page_size = 50
    reached: list[Any] | None = None  # by `fields`: where a fetch ended early; the next page begins there

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """One page of rows, newest first. Raises ValidationError for a bad size or cursor."""
        self.url = request.build_absolute_uri()
        self.salt = f"{SALT} {request.path.rstrip('/')}"  # a cursor belongs to its list
        size = page_size(request, self.page_size)
        place = self._read(request.query_params.get("cursor"))
        rows = self.fetch(queryset, place, size + 1)
        more, rows = len(rows) > size, rows[:size]
        if place.backwards:
            rows.reverse()
        first, last = self._ends(rows, place.backwards, None if more else self.reached)
        more = more or self.reached is not None
        self.next_position = last if more or place.backwards else None
        self.previous_position = first if (more if place.backwards else place.position) else None
        return rows

    def fetch(self, queryset: Any, place: Place, count: int) -> list[Any]:
        """The next `count` rows from `place` on, in its order."""
        return list(place.after(queryset).order_by(*place.order)[:count])

    def get_paginated_response(self, data: Any) -> Response:
        """`next`, `previous`, `results`."""
        return Response(
            {
                "next": self._link(self.next_position, False),
                "previous": self._link(self.previous_position, True),
                "results": data,
            }
        )

    def _ends(self, rows: list[Any], backwards: bool, reached: list[Any] | None) -> tuple[Any, Any]:
        """The positions that the page before and the page after begin at; None where an empty page says none."""
        first = [getattr(rows[0], name) for name in self.fields] if rows else None
        last = [getattr(rows[-1], name) for name in self.fields] if rows else None
        return (reached or first, last) if backwards else (first, reached or last)

    def _link(self, position: list[Any] | None, backwards: bool) -> str | None:
        if position is None:
            return None
        cursor = signing.dumps([int(backwards), *map(_plain, position)], salt=self.salt)
        return replace_query_param(remove_query_param(self.url, "cursor"), "cursor", cursor)

    def _read(self, cursor: str | None) -> Place:
        if not cursor:
            return Place(self.fields)
        try:
            backwards, *values = signing.loads(cursor, salt=self.salt)
        except signing.BadSignature:
            raise ValidationError({"cursor": ["This cursor does not belong to this list."]}) from None
        if len(values) != len(self.fields):  # of an older version
            raise ValidationError({"cursor": ["This cursor does not belong to this list."]})
        return Place(self.fields, bool(backwards), [_rich(value) for value in values])


def page_size(request: Request, default: int) -> int:
    """The `page_size` asked for; raises ValidationError outside 1 to 200."""
    return whole("page_size", request.query_params.get("page_size", str(default)), 1, LARGEST_PAGE)


def ahead(fields: tuple[str, ...], position: list[Any], backwards: bool, inclusive: bool = False) -> Lookup[bool]:
    """Rows on that side of `position`, values or expressions, in lexicographic order.

    A comparison of whole rows is the one form that an index on the fields answers without reading what shares the first.
    """
    if inclusive:
        comparison: type[Lookup[bool]] = GreaterThanOrEqual if backwards else LessThanOrEqual
    else:
        comparison = GreaterThan if backwards else LessThan
    there = [each if hasattr(each, "resolve_expression") else Value(each) for each in position]
    return comparison(_row(*map(F, fields)), _row(*there))


def _row(*values: Any) -> Func:
    return Func(*values, function="ROW", output_field=BooleanField())


def _plain(value: Any) -> Any:
    return ["t", value.isoformat()] if isinstance(value, datetime) else value


def _rich(value: Any) -> Any:
    return parse_datetime(value[1]) if isinstance(value, list) else value
