from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from syncjobs.pagination import SALT, KeysetPagination

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


class ByMoment(KeysetPagination):
    fields = ("date_joined", "username")


@pytest.fixture
def people(db: None) -> QuerySet[User]:
    """5,000 rows of one moment."""
    User.objects.bulk_create(User(username=f"u{n:05}", date_joined=MOMENT, password="!") for n in range(5_000))
    return User.objects.all()


def get(rows: QuerySet[User], **query: Any) -> dict[str, Any]:
    pages = ByMoment()
    request = Request(APIRequestFactory().get("/api/people/", query))
    found = pages.paginate_queryset(rows, request)
    return pages.get_paginated_response([each.username for each in found]).data


def follow(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def walk(rows: QuerySet[User], direction: str, **query: Any) -> Iterator[dict[str, Any]]:
    page = get(rows, **query)
    yield page
    while page[direction]:
        page = get(rows, **follow(page[direction]))
        yield page


def test_five_thousand_rows_of_one_moment_page_exactly_once(people: QuerySet[User]) -> None:
    pages = list(walk(people, "next", page_size=200))
    seen = [name for page in pages for name in page["results"]]
    assert len(pages) == 25 and len(seen) == 5_000
    assert seen == sorted(seen, reverse=True) and len(set(seen)) == 5_000


def test_the_way_back_shows_the_same_pages(people: QuerySet[User]) -> None:
    forth = list(walk(people, "next", page_size=150))
    back = list(walk(people, "previous", **follow(forth[-1]["previous"])))
    assert [page["results"] for page in forth[:-1]] == [page["results"] for page in reversed(back)]
    assert back[-1]["previous"] is None and forth[0]["previous"] is None


def test_rows_that_come_and_go_between_pages_shift_nothing(people: QuerySet[User]) -> None:
    first = get(people, page_size=100)
    User.objects.filter(username__in=first["results"][:50]).delete()
    User.objects.create(username="v-newer", date_joined=MOMENT)
    second = get(people, **follow(first["next"]))
    assert second["results"][0] == f"u{4_899:05}"


@pytest.mark.parametrize("cursor", ["x", "a:b:c", "WzAsMV0:1:tampered", "\x00", "é:é:é"])
def test_a_tampered_cursor_is_refused(db: None, cursor: str) -> None:
    with pytest.raises(ValidationError, match="cursor"):
        get(User.objects.all(), cursor=cursor)


def test_a_cursor_changed_by_one_letter_is_refused(people: QuerySet[User]) -> None:
    cursor = follow(get(people, page_size=5)["next"])["cursor"]
    with pytest.raises(ValidationError):
        get(people, cursor=("B" if cursor[0] == "A" else "A") + cursor[1:])


def test_a_cursor_of_another_list_is_refused(db: None) -> None:
    with pytest.raises(ValidationError):
        get(User.objects.all(), cursor=signing.dumps([0, 5], salt=SALT))


@pytest.mark.parametrize("size", ["0", "201", "-1", "1.5", "", "x", "٣", "00000000150000", "000000001" + "1" * 5_000])
def test_a_page_holds_1_to_200(db: None, size: str) -> None:
    with pytest.raises(ValidationError, match="page_size"):
        get(User.objects.all(), page_size=size)


@pytest.mark.parametrize("size", ["1", "200"])
def test_the_ends_of_the_range_are_in_it(db: None, size: str) -> None:
    assert get(User.objects.all(), page_size=size) == {"next": None, "previous": None, "results": []}
