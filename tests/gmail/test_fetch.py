"""The client's many-message path against scripted answers."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from gmail import calls, transport
from gmail.client import GmailClient
from gmail.errors import GmailError, GrantRevoked, NotFound, RateLimited, Transient
from gmail.local_window import LocalWindow
from gmail.resources import Ask, Message, Thread
from tests.gmail.gmail_wire import LIMITED, TOKEN_ANSWER, asked_ids, batch, credentials, full, message, refusal, thread
from tests.gmail.wire import Asked, Reply, Wire, serving

Part = dict[str, Any] | bytes
IDS = [f"{number:x}" for number in range(0x100, 0x100 + 40)]


class Waits(list[tuple[float, str]]):
    def __call__(self, seconds: float, reason: str) -> None:
        self.append((seconds, reason))


def fetch(
    respond: Callable[[str], Part | None], ids: list[str] = IDS, **options: Any
) -> tuple[dict[str, Message | GmailError], Wire, Waits]:
    """Fetch `ids` from a server that answers each with `respond(id)`; None leaves the part out."""

    def door(asked: Asked) -> Reply:
        if asked.path == "/token":
            return TOKEN_ANSWER
        parts = {key: respond(id_) for key, id_ in asked_ids(asked).items()}
        return batch({key: part for key, part in parts.items() if part is not None})

    with serving(door) as wire:
        return (*run(wire, ids, **options),)  # type: ignore[return-value]


def run(wire: Wire, ids: list[str], **options: Any) -> tuple[dict[str, Message | GmailError], Wire, Waits]:
    waits = Waits()
    client = GmailClient(credentials(wire.url), base_url=wire.url, wait=waits, **options)
    try:
        pairs = list(client.get_messages(ids))
    finally:
        client.close()
    assert len(pairs) == len(dict(pairs)), "an id was answered twice"
    return dict(pairs), wire, waits


def sizes(wire: Wire) -> list[int]:
    return [len(asked_ids(asked)) for asked in wire.asked if asked.path == "/batch"]


def test_every_message_comes_in_batches_of_at_most_25() -> None:
    found, wire, waits = fetch(message)
    assert found.keys() == set(IDS)
    assert all(isinstance(item, Message) and item.raw == b"Subject: x\r\n\r\nhi\r\n" for item in found.values())
    assert sizes(wire) == [25, 15]
    assert waits == []
    assert wire.asked[0].headers["authorization"] == "Bearer stale"


def test_an_id_asked_for_twice_is_fetched_once() -> None:
    found, wire, _ = fetch(message, ["100", "101", "100"])
    assert found.keys() == {"100", "101"}
    assert sizes(wire) == [2]


def test_a_missing_message_is_its_own_answer() -> None:
    found, _, waits = fetch(lambda id_: refusal(404, "notFound") if id_ == "105" else message(id_))
    assert isinstance(found.pop("105"), NotFound)
    assert all(isinstance(item, Message) for item in found.values())
    assert waits == []


@pytest.mark.parametrize("lacking", [{"raw": ""}, {"raw": None}])
def test_an_answer_without_the_content_asked_for_is_no_empty_mail(lacking: dict[str, Any]) -> None:
    def respond(id_: str) -> Part:
        return {key: value for key, value in {**message(id_), **lacking}.items() if value is not None}

    found, _, _ = fetch(lambda id_: respond(id_) if id_ == "105" else message(id_), IDS[:10])
    assert isinstance(found.pop("105"), Transient)
    assert all(isinstance(item, Message) for item in found.values())


def failing(times: int, failure: Part | None, *victims: str) -> Callable[[str], Part | None]:
    left = dict.fromkeys(victims, times)

    def respond(id_: str) -> Part | None:
        if left.get(id_, 0) == 0:
            return message(id_)
        left[id_] -= 1
        return failure

    return respond


@pytest.mark.parametrize(
    "failure",
    [None, refusal(503), b'{"id": "105", "ra', {"id": "105"}, refusal(400, "failedPrecondition")],
    ids=["missing part", "503", "cut JSON", "lacking fields", "failed precondition"],
)
def test_a_part_that_failed_is_sent_again(failure: Part | None) -> None:
    found, wire, waits = fetch(failing(3, failure, "105", "106"))
    assert all(isinstance(item, Message) for item in found.values())
    assert len(found) == len(IDS)
    assert sizes(wire) == [25, 17, 2, 2]
    assert [reason for _, reason in waits] == ["backoff"] * 3


def test_a_part_that_fails_four_times_is_handed_out_as_transient() -> None:
    found, _, _ = fetch(failing(4, None, "105"))
    assert isinstance(found.pop("105"), Transient)
    assert all(isinstance(item, Message) for item in found.values())


def test_too_many_concurrent_requests_shrink_the_batches_which_recover() -> None:
    refused = iter([True] * 10)
    found, wire, waits = fetch(
        lambda id_: LIMITED if int(id_, 16) % 2 and next(refused, False) else message(id_), ids=IDS
    )
    assert len(found) == len(IDS)
    assert all(isinstance(item, Message) for item in found.values())
    assert sizes(wire)[:3] == [25, 12, 13]
    assert [reason for _, reason in waits] == ["quota"]


def test_a_mailbox_that_only_refuses_is_given_up() -> None:
    with pytest.raises(RateLimited) as caught:
        fetch(lambda id_: LIMITED)
    assert caught.value.scope == "concurrency"
    assert caught.value.retry_at is not None and caught.value.retry_at > time.time()


@pytest.mark.parametrize("wrong", [-600, 600])
def test_a_clock_that_is_ten_minutes_off_waits_as_long_as_google_says(
    monkeypatch: pytest.MonkeyPatch, wrong: int
) -> None:
    off = SimpleNamespace(time=lambda: time.time() + wrong)
    for module in (transport, calls):
        monkeypatch.setattr(module, "time", off)
    then = datetime.fromtimestamp(time.time() + 40, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    refused = iter([refusal(429, "rateLimitExceeded", f"User-rate limit exceeded.  Retry after {then}")])
    _, _, waits = fetch(lambda id_: next(refused, None) or message(id_), ["100", "101"])
    [(seconds, reason)] = waits
    assert reason == "quota" and 35 < seconds < 45


def test_a_time_far_away_is_not_waited_for() -> None:
    text = "User-rate limit exceeded.  Retry after 2999-01-01T00:00:00.000Z"
    refused = refusal(403, "userRateLimitExceeded", text)
    waits, found = Waits(), []

    def door(asked: Asked) -> Reply:
        return batch({key: refused if id_ == "105" else message(id_) for key, id_ in asked_ids(asked).items()})

    with serving(door) as wire:
        client = GmailClient(credentials(wire.url), base_url=wire.url, wait=waits)
        with pytest.raises(RateLimited) as caught:
            for id_, _ in client.get_messages(IDS):
                found.append(id_)
        client.close()
    assert caught.value.retry_at == pytest.approx(time.time() + 24 * 3600, abs=60)
    assert waits == []
    assert len(found) == 24  # what came along with the refusal is not lost


def test_expired_parts_are_sent_again_with_a_fresh_token() -> None:
    tokens: list[str] = []

    def door(asked: Asked) -> Reply:
        if asked.path == "/token":
            return TOKEN_ANSWER
        tokens.append(asked.headers["authorization"])
        ids = asked_ids(asked)
        stale = len(tokens) == 1
        return batch(
            {key: refusal(401, "authError") if stale and id_ == "101" else message(id_) for key, id_ in ids.items()}
        )

    with serving(door) as wire:
        found, _, _ = run(wire, IDS[:3])
        assert all(isinstance(item, Message) for item in found.values())
        assert tokens == ["Bearer stale", "Bearer fresh"]
        assert sizes(wire) == [3, 1]


def test_parts_that_stay_unauthorised_mean_a_revoked_grant() -> None:
    with pytest.raises(GrantRevoked):
        fetch(lambda id_: refusal(401, "authError"))


def test_a_batch_on_a_connection_that_the_server_closed_is_sent_again_at_once() -> None:
    def door(asked: Asked) -> Reply:
        reply = batch({key: message(id_) for key, id_ in asked_ids(asked).items()})
        reply.close = True  # and yet it promised to keep the connection
        return reply

    with serving(door) as wire:
        found, _, waits = run(wire, IDS)
        assert len(found) == len(IDS)
        assert waits == []


def test_a_batch_that_fails_as_a_whole_is_sent_again() -> None:
    attempts: list[int] = []

    def door(asked: Asked) -> Reply:
        attempts.append(1)
        if len(attempts) == 1:
            return Reply(status=502, body=b"<html>Bad Gateway</html>")
        reply = batch({key: message(id_) for key, id_ in asked_ids(asked).items()})
        reply.cut = 500 if len(attempts) == 2 else None
        return reply

    with serving(door) as wire:
        found, _, waits = run(wire, IDS[:5])
        assert all(isinstance(item, Message) for item in found.values())
        assert [reason for _, reason in waits] == ["backoff"] * 2


def test_an_outage_is_not_blamed_on_the_messages() -> None:
    with serving(lambda asked: Reply(status=503)) as wire:
        with pytest.raises(Transient):
            run(wire, IDS)
        assert len(wire.asked) == 4


def test_what_wait_raises_passes_through() -> None:
    class Cancelled(Exception):
        pass

    def cancel(seconds: float, reason: str) -> None:
        raise Cancelled

    with serving(lambda asked: batch({})) as wire:
        client = GmailClient(credentials(wire.url), base_url=wire.url, wait=cancel)
        with pytest.raises(Cancelled):
            list(client.get_messages(IDS))
        client.close()


def test_each_part_is_paid_for_each_time() -> None:
    with serving(lambda asked: batch({key: message(id_) for key, id_ in asked_ids(asked).items()})) as wire:
        client = GmailClient(credentials(wire.url), base_url=wire.url, wait=Waits())
        list(client.get_messages(IDS))
        client.close()
        assert (client.units, client.requests) == (20 * len(IDS), 2)


def ask_for(
    asks: list[Ask], respond: Callable[[str], Part | None], **options: Any
) -> tuple[dict[Ask, Message | Thread | GmailError], Wire, GmailClient]:
    """Fetch `asks`; the door answers each id with `respond(id)`."""

    def door(asked: Asked) -> Reply:
        parts = {key: respond(id_) for key, id_ in asked_ids(asked).items()}
        return batch({key: part for key, part in parts.items() if part is not None})

    with serving(door) as wire:
        client = GmailClient(credentials(wire.url), base_url=wire.url, wait=Waits(), **options)
        pairs = list(client.fetch(asks))
        client.close()
    assert len(pairs) == len(dict(pairs)), "an ask was answered twice"
    return dict(pairs), wire, client


def threads(count: int, expected: int = 1) -> list[Ask]:
    return [Ask("thread", f"{number:x}", expected=expected) for number in range(0xA00, 0xA00 + count)]


def test_messages_and_threads_share_a_batch_and_each_is_paid_its_price() -> None:
    asks = [Ask("message", "100", "raw"), Ask("thread", "a1"), Ask("message", "101", "full")]
    answers = {"100": message("100"), "a1": thread("a1", "102", "103"), "101": full("101", b"text")}
    found, wire, client = ask_for(asks, answers.get)
    assert sizes(wire) == [3]
    assert (client.units, client.requests) == (20 + 40 + 20, 1)
    raw, whole, one = (found[ask] for ask in asks)
    assert isinstance(raw, Message) and raw.raw and raw.payload is None
    assert isinstance(one, Message) and one.raw is None and one.payload is not None
    assert one.payload["body"]["data"] == "dGV4dA=="
    assert isinstance(whole, Thread) and [part.id for part in whole.messages] == ["102", "103"]
    for uri in (b"messages/100?format=raw", b"threads/a1?format=full", b"messages/101?format=full"):
        assert uri in wire.asked[0].body


def test_a_thread_and_a_message_of_one_id_are_two_asks() -> None:
    asks = [Ask("thread", "a1", expected=3), Ask("message", "a1"), Ask("message", "a1", "raw"), Ask("thread", "a1")]
    found, _, _ = ask_for(asks, lambda id_: thread(id_, id_) | full(id_))
    assert set(found) == set(asks)
    assert len(found) == 3


def test_a_thread_that_is_gone_is_its_own_answer() -> None:
    found, _, _ = ask_for(threads(3), lambda id_: refusal(404, "notFound") if id_ == "a01" else thread(id_, id_))
    assert [type(answer) for answer in found.values()].count(NotFound) == 1
    assert isinstance(found[Ask("thread", "a01")], NotFound)


@pytest.mark.parametrize(
    "failure",
    [
        None,
        refusal(503),
        {"id": "a00", "historyId": "9", "messages": [{"id": "1"}]},
        refusal(400, "failedPrecondition"),
    ],
    ids=["missing part", "503", "message lacking fields", "failed precondition"],
)
def test_only_the_thread_that_failed_is_sent_again(failure: Part | None) -> None:
    left = iter([failure] * 2)
    found, wire, client = ask_for(
        threads(3), lambda id_: next(left, thread(id_, id_)) if id_ == "a00" else thread(id_, id_)
    )
    assert all(isinstance(answer, Thread) for answer in found.values())
    assert sizes(wire) == [3, 1, 1]
    assert client.units == 5 * 40


def test_a_batch_holds_no_more_threads_than_messages_can_be_expected() -> None:
    found, wire, _ = ask_for(threads(30, expected=20), lambda id_: thread(id_, id_))
    assert len(found) == 30
    assert sizes(wire) == [5] * 6


def test_heavy_threads_make_the_next_batch_small() -> None:
    heavy = b"x" * 300_000
    found, wire, _ = ask_for(
        threads(40, expected=4),
        lambda id_: {"id": id_, "historyId": "9", "messages": [full(f"{id_}{part}", heavy) for part in range(4)]},
    )
    assert len(found) == 40
    assert sizes(wire) == [25, 5, 5, 5]


@pytest.mark.parametrize(("limit", "first"), [(60, 1), (130, 3)])
def test_a_mixed_batch_is_no_larger_than_the_quota_grants(limit: int, first: int) -> None:
    asks = [Ask("thread", "a1"), Ask("message", "100"), *threads(4)]

    def door(asked: Asked) -> Reply:
        return batch({key: thread(id_, id_) | full(id_) for key, id_ in asked_ids(asked).items()})

    with serving(door) as wire:
        client = GmailClient(
            credentials(wire.url), base_url=wire.url, wait=Waits(), bucket=LocalWindow(limit), max_wait=1.0
        )
        with pytest.raises(RateLimited) as caught:
            list(client.fetch(asks))
        client.close()
        assert caught.value.scope == "own"
        assert sizes(wire)[0] == first
