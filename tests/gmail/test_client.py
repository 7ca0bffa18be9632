"""The client against the simulator: what both understand Gmail to be."""

import hashlib
import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gmail import mime, oauth
from gmail.client import GmailClient
from gmail.errors import GrantRevoked, HistoryExpired, NotFound, RateLimited, Refused
from gmail.local_window import LocalWindow
from gmail.resources import Ask, Message, Thread
from tests.gmail.conftest import Simulator

Connect = Callable[..., GmailClient]


def never(seconds: float, reason: str) -> None:
    raise AssertionError(f"waited {seconds} s for {reason}")


@pytest.fixture
def connect(simulator: Simulator) -> Iterator[Connect]:
    opened = []

    def connected(email: str = "a@example.com", **options: object) -> GmailClient:
        registered = oauth.OAuthClient("simulator", "simulator", simulator.url)
        grant = oauth.credentials(registered, refresh_token=f"sim-refresh-{email}")
        settings = {"wait": never, "base_url": simulator.url} | options
        opened.append(GmailClient(grant, **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield connected
    for client in opened:
        client.close()


def every_id(client: GmailClient, **options: object) -> list[str]:
    ids, token = [], None
    while True:
        page = client.list_messages(page_token=token, **options)  # type: ignore[arg-type]
        ids += [reference.id for reference in page.refs]
        token = page.next_page_token
        if token is None:
            return ids


def test_the_profile_names_the_mailbox(connect: Connect) -> None:
    profile = connect().get_profile()
    assert profile.email == "a@example.com"
    assert profile.messages_total >= 60
    assert profile.history_id > 0


def test_the_list_holds_every_message_page_by_page(connect: Connect) -> None:
    client = connect("b@example.com")
    paged = every_id(client, max_results=7)
    assert sorted(paged) == sorted(every_id(client))
    assert len(set(paged)) == client.get_profile().messages_total


def test_labels_divide_the_mailbox(connect: Connect) -> None:
    client = connect("b@example.com")
    labels = {label.id: label for label in client.list_labels()}
    assert labels["INBOX"].type == "system"
    inbox = every_id(client, label_ids=["INBOX"])
    assert 0 < len(inbox) < len(every_id(client))


def test_a_search_is_handed_to_gmail(connect: Connect) -> None:
    client = connect("b@example.com")
    assert sorted(every_id(client, q="in:inbox", include_spam_trash=False)) == sorted(
        every_id(client, q="label:inbox", include_spam_trash=False)
    )
    assert every_id(client, q="rfc822msgid:nobody@nowhere.invalid") == []


def test_all_ways_to_a_message_give_the_same_bytes(connect: Connect) -> None:
    client = connect("b@example.com")
    ids = every_id(client)[:30]
    batched = dict(client.get_messages(ids))
    assert batched.keys() == set(ids)
    heard: list[int] = []
    for id_ in ids[:5]:
        alone = client.get_message(id_)
        assert alone == batched[id_]
        assert client.stream_message(id_, on_chunk=heard.append) == alone
        assert alone.raw
    assert all(heard)
    minimal = client.get_message(ids[0], format="minimal")
    assert minimal.raw is None and minimal.label_ids == client.get_message(ids[0]).label_ids


def test_a_message_that_is_gone_is_not_found(connect: Connect) -> None:
    client = connect()
    with pytest.raises(NotFound):
        client.get_message("1111111111111111")
    with pytest.raises(NotFound):
        client.stream_message("1111111111111111", on_chunk=lambda size: None)
    ((_, answer),) = client.get_messages(["1111111111111111"])
    assert isinstance(answer, NotFound)


def test_history_tells_what_happened_since(connect: Connect, simulator: Simulator) -> None:
    client = connect("c@example.com")
    start = client.get_profile().history_id
    before = set(every_id(client))
    simulator.control("deliver", email="c@example.com", count=3)
    arrived = set(every_id(client)) - before
    simulator.control("labels", email="c@example.com", ids=sorted(arrived), add=["STARRED"], remove=[])
    victim = min(arrived)
    simulator.control("delete", email="c@example.com", ids=[victim])

    page = client.list_history(start)
    assert {item.id for record in page.records for item in record.added} == arrived
    assert {item.id for record in page.records for item in record.deleted} == {victim}
    starred = [change for record in page.records for change in record.labels_added]
    assert {change.message_id for change in starred} == arrived
    assert {change.label_ids for change in starred} == {("STARRED",)}
    assert page.history_id > start
    assert client.list_history(page.history_id).records == ()


def test_history_comes_in_pages(connect: Connect, simulator: Simulator) -> None:
    client = connect("c@example.com")
    start = client.get_profile().history_id
    simulator.control("deliver", email="c@example.com", count=5)
    whole = client.list_history(start).records
    records, token = [], None
    while True:
        page = client.list_history(start, page_token=token, max_results=2)
        records += page.records
        token = page.next_page_token
        if token is None:
            break
    assert tuple(records) == whole


def test_history_that_gmail_forgot_has_expired(connect: Connect, simulator: Simulator) -> None:
    client = connect("c@example.com")
    start = client.get_profile().history_id
    simulator.control("deliver", email="c@example.com", count=1)
    simulator.control("expire-history", email="c@example.com")
    with pytest.raises(HistoryExpired):
        client.list_history(start)


def test_a_watch_begins_at_the_present(connect: Connect) -> None:
    client = connect()
    watch = client.watch("projects/p/topics/t")
    assert watch.history_id == client.get_profile().history_id
    assert watch.expiration > 1_700_000_000_000
    client.stop()


def test_a_bad_request_is_refused(connect: Connect) -> None:
    with pytest.raises(Refused) as caught:
        connect().get_message("not-hex!")
    assert caught.value.status == 400


def test_calls_are_paid_before_they_are_made(connect: Connect) -> None:
    client = connect(bucket=LocalWindow(100), max_wait=30.0)
    client.get_profile()
    first = every_id(client)[0]
    client.get_message(first)
    assert (client.units, client.requests) == (1 + 5 + 20, 3)
    with pytest.raises(RateLimited) as caught:
        for _ in range(5):
            client.get_message(first)
    assert caught.value.scope == "own"
    assert caught.value.retry_at is not None
    assert client.units <= 99


def test_a_revoked_grant_is_told(connect: Connect, simulator: Simulator) -> None:
    client = connect("a@example.com")
    client.get_profile()
    simulator.control("revoke", email="a@example.com")
    try:
        with pytest.raises(GrantRevoked):
            client.get_profile()
        with pytest.raises(GrantRevoked):
            list(client.get_messages(["1"]))
        with pytest.raises(GrantRevoked):
            client.stream_message("1", on_chunk=lambda size: None)
    finally:
        simulator.control("grant", email="a@example.com")


def test_an_attachment_is_fetched_by_a_fresh_id(connect: Connect) -> None:
    with pytest.raises((NotFound, Refused)):
        connect("b@example.com").get_attachment("1111111111111111", "stale")


def test_every_message_of_the_simulator_is_whole(connect: Connect) -> None:
    client = connect("b@example.com")
    for _, message in client.get_messages(every_id(client)):
        assert isinstance(message, Message)
        assert message.raw and message.internal_date > 0 and message.thread_id


def test_threads_bring_all_their_messages_in_full(connect: Connect) -> None:
    client = connect("b@example.com")
    threads: dict[str, set[str]] = {}
    for reference in client.list_messages().refs:
        threads.setdefault(reference.thread_id, set()).add(reference.id)
    before = client.units
    asks = [Ask("thread", id_, expected=len(ids)) for id_, ids in threads.items()]
    for ask, thread in client.fetch(asks):
        assert isinstance(thread, Thread) and thread.id == ask.id
        assert {message.id for message in thread.messages} == threads[ask.id]
        assert [message.internal_date for message in thread.messages] == sorted(
            m.internal_date for m in thread.messages
        )
        assert all(message.payload and message.payload["headers"] for message in thread.messages)
    assert max(map(len, threads.values())) > 3
    assert client.units - before == 40 * len(threads)


def test_a_thread_of_no_message_is_not_found(connect: Connect) -> None:
    ask = Ask("thread", "1111111111111111")
    [(_, answer)] = connect("b@example.com").fetch([ask])
    assert isinstance(answer, NotFound)


def test_part_ids_and_attachments_are_the_ones_that_gmail_gives(connect: Connect, simulator: Simulator) -> None:
    """The parser reads the raw message; Gmail's own reading of it is in format "full"."""
    registered = oauth.OAuthClient("simulator", "simulator", simulator.url)
    grant = oauth.credentials(registered, refresh_token="sim-refresh-b@example.com")
    client = GmailClient(grant, base_url=simulator.url, wait=never)
    fetched = 0
    for id_, message in client.get_messages(every_id(client)):
        assert isinstance(message, Message) and message.raw
        mail = mime.parse(message.raw)
        named = {part.part_id: part for part in mail.attachments if part.filename}
        theirs = [part for part in leaves(full(simulator, grant.token, id_)) if part.get("filename")]
        assert {part["partId"] or "root" for part in theirs} == named.keys()
        for part in theirs:
            mine = named[part["partId"] or "root"]
            assert (mine.filename, mine.mime_type) == (part["filename"], part["mimeType"])
            assert mine.size == part["body"]["size"]
            content = client.get_attachment(id_, part["body"]["attachmentId"])
            assert mime.attachment_bytes(message.raw, mine.part_id) == content
            fetched += 1
    client.close()
    assert fetched > 3


def test_the_full_format_reads_as_the_raw_bytes_do(connect: Connect) -> None:
    client = connect("b@example.com")
    asks = [Ask("message", id_, format) for id_ in every_id(client) for format in ("raw", "full")]  # type: ignore[arg-type]
    found = dict(client.fetch(asks))
    for raw, full in zip(asks[::2], asks[1::2], strict=True):
        one, other = found[raw], found[full]
        assert isinstance(one, Message) and one.raw and isinstance(other, Message) and other.raw is None
        assert mime.from_payload(other.payload) == mime.parse(one.raw)


def full(simulator: Simulator, token: str, id_: str) -> dict[str, Any]:
    address = f"{simulator.url}/gmail/v1/users/me/messages/{id_}?format=full"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["payload"]


def leaves(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "parts" not in part:
        yield part
    for inner in part.get("parts", ()):
        yield from leaves(inner)


def test_the_mirror_is_the_mailbox_byte_for_byte(connect: Connect, simulator: Simulator) -> None:
    client = connect("b@example.com")
    truth = simulator.ask("mailbox?email=b@example.com")
    expected = {item["id"]: item["sha256"] for item in truth["messages"]}
    found = {
        id_: hashlib.sha256(message.raw or b"").hexdigest()
        for id_, message in client.get_messages(every_id(client))
        if isinstance(message, Message)
    }
    assert found == expected
