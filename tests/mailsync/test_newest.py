"""Mail is paged through exactly once each, whatever shares a second, an id, a page with what comes and goes."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from mailsync.export import selection
from mailsync.models import Account, Message
from mailsync.search import mail_list, newest
from mailsync.search.newest import NewestFirst, worth_looking
from syncjobs.pagination import Place

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)

Key = tuple[int, str]


def message(account: Account, number: int, at: datetime = MOMENT, **fields: Any) -> Message:
    defaults = {"thread_id": "t", "labels": ["INBOX"], "labels_as_of": 1, "history_id": 1, "size": 1}
    return Message(account=account, gmail_id=f"{number:016x}", internal_date=at, **(defaults | fields))


def fill(
    accounts: list[Account], count: int, at: str = "%(moment)s", labels: str = "'{INBOX}'", words: str = "NULL"
) -> None:
    """Mails 0, 2, 4 ... of each account: the odd ones are for what arrives in between. `n` counts them."""
    statement = f"""
        INSERT INTO mailsync_message (
            account_id, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject,
            sender_name, sender_email, "to", cc, message_id, has_attachments, attachments, defects, words)
        SELECT account, lpad(to_hex(2 * n), 16, '0'), 't' || n / 3, {labels}::text[], 1, 1, ({at})::timestamptz, n, '', '', '', '',
            '[]', '[]', '', false, '[]', '{{}}', {words}
        FROM unnest(%(accounts)s) AS account, generate_series(0, %(count)s - 1) AS n
    """
    with connection.cursor() as cursor:
        ids = [account.pk for account in accounts]
        cursor.execute(statement, {"accounts": ids, "count": count, "moment": MOMENT})
        cursor.execute("ANALYZE mailsync_message")


@pytest.fixture
def accounts(db: None) -> list[Account]:
    """Two mailboxes of one user, whose mail shares its ids."""
    owner = User.objects.create_user("eva")
    return [Account.objects.create(owner=owner, email=f"{name}@example.com") for name in ("a", "b")]


def page(accounts: list[Account], query: dict[str, Any], q: str = "") -> dict[str, Any]:
    mail = mail_list(accounts, q=q)
    pages = NewestFirst(mail)
    rows = pages.paginate_queryset(mail.rows, Request(APIRequestFactory().get("/api/messages/", query)))
    return pages.get_paginated_response([(row.account_id, row.gmail_id) for row in rows]).data


def follow(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def walk(
    accounts: list[Account],
    query: dict[str, Any],
    direction: str = "next",
    q: str = "",
    between: Callable[[], None] = lambda: None,
) -> Iterator[dict[str, Any]]:
    """Page after page, something happening between any two."""
    found = page(accounts, query, q)
    yield found
    while found[direction]:
        between()
        found = page(accounts, follow(found[direction]), q)
        yield found


def there(accounts: list[Account]) -> set[Key]:
    return set(Message.objects.filter(account__in=accounts).values_list("account_id", "gmail_id"))


class Traffic:
    """Between two pages one mail of the same instant arrives, one is deleted."""

    def __init__(self, accounts: list[Account], count: int) -> None:
        self.random, self.accounts = random.Random(5), accounts
        self.new, self.old = (self.random.sample(range(first, 2 * count, 2), count) for first in (1, 0))
        self.gone: set[Key] = set()

    def __call__(self) -> None:
        account = self.random.choice(self.accounts)
        message(account, self.new.pop()).save()
        victim = f"{self.old.pop():016x}"
        Message.objects.filter(account=account, gmail_id=victim).delete()
        self.gone.add((account.pk, victim))


@pytest.mark.parametrize(("count", "size", "q"), [(2_500, 200, ""), (600, 50, "is:read"), (150, 7, "")])
def test_there_and_back_every_mail_of_one_second_once_while_mail_comes_and_goes(
    accounts: list[Account], count: int, size: int, q: str
) -> None:
    fill(accounts, count)
    traffic, begun = Traffic(accounts, count), there(accounts)

    forth = list(walk(accounts, {"page_size": size}, "next", q, traffic))
    back = list(walk(accounts, follow(forth[-1]["previous"]), "previous", q, traffic))

    stayed = begun - traffic.gone
    for pages, seen_before in ((forth, set()), (back, set(forth[-1]["results"]))):
        seen = [key for each in pages for key in each["results"]]
        assert len(seen) == len(set(seen)), "a mail was shown twice"
        assert stayed <= set(seen) | seen_before, "a mail that was there all the time was left out"
    assert len(traffic.gone) > 10


def test_pages_of_one_mail_are_the_whole_list(accounts: list[Account]) -> None:
    fill(accounts, 100)
    singles = [each["results"] for each in islice(walk(accounts, {"page_size": 1}), 40)]
    assert [key for each in singles for key in each] == page(accounts, {"page_size": 40})["results"]


@pytest.mark.parametrize(
    "q",
    [
        "is:starred",  # rare, then dense: both ways of finding
        "is:unread",
        "larger:1590",
        "is:starred larger:1500 smaller:1550",
        "before:2026/11/21 is:starred",
        "before:2026/11/21 after:2026/11/20 is:starred",
        "before:2026/11/21 OR is:starred",
        "-is:starred",
        "is:important",
        "",
    ],
)
def test_the_way_a_page_is_found_never_changes_what_is_on_it(accounts: list[Account], q: str) -> None:
    """Mails two minutes apart, the oldest four hundred starred, and every hundredth, every second one unread."""
    labels = "CASE WHEN n >= 1200 OR n %% 100 = 0 THEN '{STARRED}' WHEN n %% 2 = 1 THEN '{UNREAD}' ELSE '{INBOX}' END"
    fill(accounts, 1_600, "%(moment)s::timestamptz - n * interval '2 minutes'", labels)
    ordered = mail_list(accounts, q=q).found.order_by("-internal_date", "-gmail_id", "-id")
    truth = list(ordered.values_list("account_id", "gmail_id"))

    forth = list(walk(accounts, {"page_size": 50}, "next", q))

    assert [key for each in forth for key in each["results"]] == truth
    if len(forth) > 1:
        back = list(walk(accounts, follow(forth[-1]["previous"]), "previous", q))
        assert [each["results"] for each in reversed(back)] == [each["results"] for each in forth[:-1]]


def test_a_page_reads_no_more_rows_the_further_it_is(accounts: list[Account]) -> None:
    """5,000 mails of one instant ahead of the cursor, or behind it: the index begins where the page does."""
    fill(accounts, 2_500)
    forth = list(walk(accounts, {"page_size": 200}))
    with CaptureQueriesContext(
        connection,
    ) as captured:
        page(accounts, follow(forth[-2]["next"]))
    (query,) = captured.captured_queries
    with connection.cursor() as cursor:
        for worse in ("seqscan", "bitmapscan", "sort"):  # as good as the index in a table so small
            cursor.execute(f"SET LOCAL enable_{worse} = off")
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query["sql"])
        plan = cursor.fetchone()[0][0]["Plan"]
    assert sum(read(plan)) <= 2 * 201


def test_what_is_read_row_by_row_begins_and_ends_with_its_stretch_in_the_middle_of_a_mailbox(
    accounts: list[Account],
) -> None:
    fill(accounts[:1], 5_000, "%(moment)s::timestamptz - n * interval '1 minute'")
    place = Place(NewestFirst.fields, position=[MOMENT - timedelta(minutes=2_500), f"{5_000:016x}", 0])
    mail = mail_list(accounts[:1], q="is:starred")
    with CaptureQueriesContext(connection) as captured:
        assert NewestFirst(mail).fetch(mail.rows, place, 50) == []
    asked = [query["sql"] for query in captured.captured_queries]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + asked[asked.index("SET LOCAL enable_bitmapscan = off") + 1])
        plan = cursor.fetchone()[0][0]["Plan"]
    assert sum(read(plan)) <= 2 * 200


def read(plan: dict[str, Any]) -> Iterator[int]:
    """Rows that scans of tables have looked at."""
    if "Relation Name" in plan:
        yield plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0))
    for each in plan.get("Plans", ()):
        yield from read(each)


@pytest.mark.parametrize(
    ("found", "held", "further"),
    [
        (0, 10**7, 78030),
        (0, 10**6, 0),  # a thousand at most: they are sooner found than a tenth of a million is passed over
        (50, 10**6, 1020),  # one is lacking: it is near
        (11, 10**6, 5563),
        (2, 10**6, 37485),
        (1, 10**6, 0),
        (11, 10**5, 5563),
        (3, 10**5, 0),
        (11, 10**4, 0),
    ],
)
def test_more_is_looked_through_only_where_that_costs_less_than_all_that_matches(
    found: int, held: int, further: int
) -> None:
    assert worth_looking(1020, found, 51, held) == further


def test_two_hundred_without_a_match_do_not_say_that_matches_are_rare() -> None:
    assert worth_looking(204, 0, 51, 10**6) == 15606
    assert worth_looking(204, 0, 51, 20_000) == 816
    assert worth_looking(1020, 0, 51, 20_000) == 0


def test_more_is_looked_through_for_a_phrase_which_no_index_finds(accounts: list[Account]) -> None:
    assert worth_looking(1020, 1, 51, 10**6, newest.A_PHRASE) == 76500
    asked = {'"see you"': True, 'subject:"see you"': True, '"you"': False, "see you": False, "": False}
    assert {q: mail_list(accounts, q=q).by_phrase for q in asked} == asked


def test_what_just_misses_its_page_is_found_without_sorting_all_that_matches(
    accounts: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "LEAST_NEAR", 20)
    monkeypatch.setattr(newest, "NEAR", 2)
    fill(
        accounts[:1],
        600,
        "%(moment)s + n * interval '1 second'",
        "CASE WHEN n %% 4 = 0 THEN '{STARRED}' ELSE '{INBOX}' END",
    )
    with CaptureQueriesContext(connection) as asked:
        found = page(accounts[:1], {"page_size": 10}, "is:starred")["results"]
    assert [key for _, key in found] == [f"{2 * n:016x}" for n in range(596, 556, -4)]
    assert not any("'0" in query["sql"].split("ORDER BY")[-1] for query in asked.captured_queries)


@pytest.mark.parametrize("most_read", [0, 60], ids=["by the indexes", "row by row, then by the indexes"])
def test_wherever_a_stretch_ends_nothing_is_shown_twice_or_left_out(
    accounts: list[Account], monkeypatch: pytest.MonkeyPatch, most_read: int
) -> None:
    """Stretches of some dozen mails of two mailboxes, seven and then two hundred of which share each moment."""
    for name, value in {"LEAST_NEAR": 20, "NEAR": 1, "MOST_READ": most_read, "A_ROW": 10**6}.items():
        monkeypatch.setattr(newest, name, value)
    moment = "%(moment)s::timestamptz - (CASE WHEN n < 400 THEN n / 7 ELSE 57 + n / 200 END) * interval '1 hour'"
    fill(accounts, 800, moment, "CASE WHEN n %% 5 = 0 THEN '{STARRED}' ELSE '{INBOX}' END")
    ordered = mail_list(accounts, q="is:starred").found.order_by("-internal_date", "-gmail_id", "-id")
    truth = list(ordered.values_list("account_id", "gmail_id"))

    forth = list(walk(accounts, {"page_size": 15}, "next", "is:starred"))
    back = list(walk(accounts, follow(forth[-1]["previous"]), "previous", "is:starred"))

    assert [key for each in forth for key in each["results"]] == truth
    assert [each["results"] for each in reversed(back)] == [each["results"] for each in forth[:-1]]


PHRASES = "CASE WHEN n %% 90 < 3 THEN ' the meeting invoice ' ELSE ' meeting the invoice ' END"


def end_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page ends after each stretch, of which a mailbox of some hundreds has many."""
    limits = {"LEAST_NEAR": 10, "NEAR": 1, "MOST_READ": 60, "MOST_TEXTS": 25, "FEW_TEXTS": -1, "PATIENCE": 0}
    for name, value in limits.items():
        monkeypatch.setattr(newest, name, value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages end early."""
    end_early(monkeypatch)


@pytest.mark.parametrize("apart", ["n / 7 * interval '1 hour'", "n * interval '1 minute'"], ids=["by seven", "alone"])
def test_a_search_that_reads_texts_ends_its_pages_early_and_goes_on_where_it_ended(
    accounts: list[Account], impatient: None, apart: str
) -> None:
    fill(accounts, 400, f"%(moment)s::timestamptz - {apart}", words=PHRASES)
    q = '"the meeting invoice"'
    ordered = mail_list(accounts, q=q).found.order_by("-internal_date", "-gmail_id", "-id")
    truth = list(ordered.values_list("account_id", "gmail_id"))

    forth = list(walk(accounts, {"page_size": 10}, "next", q))
    begin = next(each for each in reversed(forth) if each["previous"])
    back = list(walk(accounts, follow(begin["previous"]), "previous", q))

    assert len(truth) == 30 and [key for each in forth for key in each["results"]] == truth
    assert len([each for each in forth if not each["results"]]) > 3, "pages without a find"
    seen = [key for each in reversed(back) for key in each["results"]]
    assert seen == truth[: len(truth) - len(begin["results"])]


def test_no_mail_is_left_out_of_an_export_that_reads_texts(accounts: list[Account], impatient: None) -> None:
    fill(accounts, 400, "%(moment)s::timestamptz - n * interval '1 minute'", words=PHRASES)
    mail = mail_list(accounts, q='"the meeting invoice"')
    pages = list(selection.walk(mail))
    assert {(row.account_id, row.gmail_id) for rows in pages for row in rows} == set(
        mail.found.values_list("account_id", "gmail_id")
    )
    assert all(pages) and sum(map(len, pages)) == 30


def test_what_is_read_row_by_row_leaves_other_queries_their_plans(accounts: list[Account]) -> None:
    fill(accounts[:1], 300)
    with CaptureQueriesContext(connection) as asked:
        assert len(page(accounts[:1], {"page_size": 50}, "is:read")["results"]) == 50
    assert [query["sql"] for query in asked.captured_queries].count("SET LOCAL enable_bitmapscan = off") == 1
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_bitmapscan")
        assert cursor.fetchone() == ("on",)
