"""Single calls against scripted answers."""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gmail.client import GmailClient
from gmail.errors import GmailError, GrantRevoked, RateLimited, Refused, Transient
from tests.gmail.buckets import Bucket
from tests.gmail.gmail_wire import LIMITED, TOKEN_ANSWER, answer, credentials, message, refusal
from tests.gmail.wire import Asked, Reply, Wire, serving

PROFILE = Reply(body=b'{"emailAddress": "a@b", "historyId": "7"}')


@contextmanager
def client(door: Callable[[Asked], Reply], **options: object) -> Iterator[tuple[GmailClient, Wire, list[str]]]:
    waits: list[str] = []
    with serving(door) as wire:
        made = GmailClient(
            credentials(wire.url),
            base_url=wire.url,
            wait=lambda seconds, reason: waits.append(reason),
            **options,  # type: ignore[arg-type]
        )
        yield made, wire, waits
        made.close()


def in_turn(*replies: Reply) -> Callable[[Asked], Reply]:
    left = list(replies)
    return lambda asked: TOKEN_ANSWER if asked.path == "/token" else left.pop(0)


def test_a_root_with_a_path_is_kept() -> None:
    with serving(lambda asked: PROFILE) as wire:
        made = GmailClient(credentials(wire.url), base_url=f"{wire.url}/deep/", wait=lambda *_: None)
        made.get_profile()
        made.close()
        assert wire.asked[0].path.startswith("/deep/gmail/v1/users/me/profile")


@pytest.mark.parametrize(
    "broken",
    [
        Reply(status=503),
        Reply(status=500, body=b"<html>"),
        Reply(body=PROFILE.body, cut=10),
        Reply(body=PROFILE.body[:-5]),
        Reply(body=b"[]"),
        answer(refusal(400, "failedPrecondition")),
        Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["503", "500", "connection cut", "JSON cut", "other JSON", "failed precondition", "broken gzip"],
)
def test_a_transient_failure_is_tried_again_with_pauses(broken: Reply) -> None:
    with client(in_turn(broken, broken, broken, PROFILE)) as (made, _, waits):
        assert made.get_profile().email == "a@b"
        assert waits == ["backoff"] * 3
        assert made.requests == 4


def test_four_failures_are_enough() -> None:
    with client(in_turn(*[Reply(status=503)] * 5)) as (made, wire, _):
        with pytest.raises(Transient):
            made.get_profile()
        assert len(wire.asked) == 4


def test_a_refusal_is_not_tried_again() -> None:
    with client(in_turn(answer(refusal(403, "domainPolicy")))) as (made, _, waits):
        with pytest.raises(Refused):
            made.get_profile()
        assert waits == []


def test_an_answer_that_expands_beyond_measure_is_refused() -> None:
    bomb = Reply(body=gzip.compress(bytes(20 << 20)), headers={"Content-Encoding": "gzip"})
    with client(in_turn(bomb)) as (made, _, waits):
        with pytest.raises(Refused, match="beyond all measure"):
            made.get_profile()
        assert waits == []


def test_a_limit_is_raised_and_tells_the_bucket() -> None:
    bucket = Bucket()
    text = "User-rate limit exceeded.  Retry after 2999-01-01T00:00:00Z"
    doors = in_turn(answer(LIMITED), answer(refusal(403, "userRateLimitExceeded", text)))
    with client(doors, bucket=bucket) as (made, _, waits):
        with pytest.raises(RateLimited):
            made.get_profile()
        with pytest.raises(RateLimited):
            made.get_profile()
        assert waits == []
    assert bucket.penalties[0] == 2.0
    assert 3600 <= bucket.penalties[1] <= 3602


def test_an_expired_token_is_refreshed_on_the_way() -> None:
    with client(in_turn(answer(refusal(401, "authError")), PROFILE)) as (made, wire, _):
        made.get_profile()
        assert [asked.headers.get("authorization") for asked in wire.asked] == ["Bearer stale", None, "Bearer fresh"]


def test_a_token_that_stays_invalid_means_a_revoked_grant() -> None:
    with client(in_turn(*[answer(refusal(401, "authError"))] * 3)) as (made, _, _), pytest.raises(GrantRevoked):
        made.get_profile()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Reply(400, b'{"error": "invalid_grant", "error_description": "Token has been revoked."}'), GrantRevoked),
        (Reply(401, b'{"error": "invalid_client"}'), Refused),
    ],
)
def test_a_refused_refresh_is_told_apart(said: Reply, expected: type[GmailError]) -> None:
    def door(asked: Asked) -> Reply:
        return said if asked.path == "/token" else answer(refusal(401, "authError"))

    with client(door) as (made, _, _), pytest.raises(expected) as caught:
        made.get_profile()
    assert "secret" not in str(caught.value) and "refresh" not in repr(caught.value)


def test_a_connection_that_the_server_closed_is_replaced_in_silence() -> None:
    hanging_up = Reply(body=PROFILE.body, close=True)
    with client(in_turn(*[hanging_up] * 5)) as (made, _, waits):
        for _ in range(5):
            made.get_profile()
        assert waits == []


def test_a_redirect_does_not_carry_the_token_elsewhere() -> None:
    with serving(lambda asked: PROFILE) as elsewhere:
        away = Reply(302, headers={"Location": f"{elsewhere.url}/x"})
        with client(in_turn(away, away)) as (made, _, _):
            with pytest.raises(Refused):
                made.get_profile()
            with pytest.raises(Refused):
                made.stream_message("1", on_chunk=lambda size: None)
        assert elsewhere.asked == []


@contextmanager
def silent() -> Iterator[str]:
    """A server that accepts, reads, never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("token", ["valid", None], ids=["API", "token endpoint"])
def test_silence_is_bounded_everywhere(token: str | None) -> None:
    with silent() as url:
        made = GmailClient(credentials(url, token), base_url=url, wait=lambda *_: None, timeout=0.05)
        calls = [
            made.get_profile,
            lambda: next(error for _, error in made.get_messages(["1"]) if isinstance(error, Transient)),
            lambda: made.stream_message("1", on_chunk=lambda size: None),
        ]
        failures: list[Exception] = []

        def call_all() -> None:
            for call in calls:
                try:
                    failures.append(call())  # type: ignore[arg-type]
                except Exception as error:
                    failures.append(error)

        thread = threading.Thread(target=call_all, daemon=True)
        thread.start()
        thread.join(30)
        made.close()
        assert [type(failure) for failure in failures] == [Transient] * 3


def test_a_stream_reports_its_progress() -> None:
    raw = bytes(range(256)) * 6000
    heard: list[int] = []
    body = json.dumps(message("1", raw)).encode()
    with client(in_turn(Reply(body=body))) as (made, _, _):
        assert made.stream_message("1", on_chunk=heard.append).raw == raw
    assert heard == sorted(heard) and len(heard) > 5 and heard[-1] == len(body)


def test_what_the_listener_of_a_stream_raises_passes_through() -> None:
    def stop(size: int) -> None:
        raise OSError("lease lost")

    with client(in_turn(answer(message("1")))) as (made, _, _), pytest.raises(OSError, match="lease lost"):
        made.stream_message("1", on_chunk=stop)


@pytest.mark.parametrize(
    "broken",
    [Reply(status=503), Reply(body=b'{"id": "1"', cut=5), Reply(body=b'{"id": "1"'), Reply(body=b'{"id": "1"}')],
)
def test_a_broken_stream_is_tried_again(broken: Reply) -> None:
    with client(in_turn(broken, answer(message("1")))) as (made, _, waits):
        assert made.stream_message("1", on_chunk=lambda size: None).id == "1"
        assert waits == ["backoff"]


def test_a_stream_refreshes_its_token() -> None:
    with client(in_turn(answer(refusal(401, "authError")), answer(message("1")))) as (made, wire, _):
        made.stream_message("1", on_chunk=lambda size: None)
        assert wire.asked[-1].headers["authorization"] == "Bearer fresh"


def test_a_stream_that_is_limited_tells_the_bucket() -> None:
    bucket = Bucket()
    with client(in_turn(answer(LIMITED)), bucket=bucket) as (made, _, _), pytest.raises(RateLimited):
        made.stream_message("1", on_chunk=lambda size: None)
    assert bucket.penalties == [2.0]
