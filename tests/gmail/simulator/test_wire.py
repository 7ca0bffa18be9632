"""The simulator's answers are what Google's discovery document describes."""

import base64
import html
from dataclasses import replace

import jsonschema
import pytest

from gmail.simulator.service import Service
from gmail.simulator.tokens import METADATA, READONLY
from tests.gmail.simulator.schemas import check
from tests.gmail.simulator.visitor import NOW, ask


def first_id(service: Service) -> str:
    return next(service.world.mailbox("a@example.com").newest_first()).id


def deliver(service: Service, **letter: object) -> str:
    (id,) = service.world.perform("deliver", NOW, email="a@example.com", messages=[letter])
    return str(id)


def test_the_schemas_are_strict() -> None:
    with pytest.raises(jsonschema.ValidationError):
        check("Profile", {"historyId": 5})
    with pytest.raises(jsonschema.ValidationError):
        check("Profile", {"surprise": "5"})


def test_the_profile_counts_everything(service: Service) -> None:
    status, profile = ask(service, "profile")

    check("Profile", profile)
    assert status == 200
    assert profile["messagesTotal"] == 60
    assert profile["emailAddress"] == "a@example.com"


def test_labels_are_listed_and_counted(service: Service) -> None:
    labels = check("ListLabelsResponse", ask(service, "labels")[1])["labels"]
    inbox = check("Label", ask(service, "labels/INBOX")[1])

    assert {"INBOX", "SPAM", "TRASH", "UNREAD", "Label_1"} <= {label["id"] for label in labels}
    assert {label["type"] for label in labels} == {"system", "user"}
    assert 0 < inbox["messagesTotal"] < 60
    assert ask(service, "labels/Label_99")[0] == 404


@pytest.mark.parametrize("format", ["minimal", "metadata", "full", "raw"])
def test_all_messages_are_valid_in_all_formats(service: Service, format: str) -> None:
    for message in service.world.mailbox("a@example.com").newest_first():
        status, shown = ask(service, f"messages/{message.id}?format={format}")
        check("Message", shown)
        assert status == 200
        assert shown["sizeEstimate"] == len(message.origin.raw(message))
        assert ("raw" in shown) == (format == "raw")
        assert ("payload" in shown) == (format in ("metadata", "full"))


def test_raw_is_the_exact_letter(service: Service) -> None:
    raw = b"From: x@example.com\r\nSubject: \xff\x00\r\n\r\nbody without end"
    id = deliver(service, raw=base64.urlsafe_b64encode(raw).decode())

    shown = ask(service, f"messages/{id}?format=raw")[1]["raw"]

    assert base64.urlsafe_b64decode(shown) == raw
    assert not set(shown) & {"+", "/"}


def test_metadata_gives_only_the_headers_asked_for(service: Service) -> None:
    path = f"messages/{first_id(service)}?format=metadata&metadataHeaders=subject&metadataHeaders=From"

    headers = ask(service, path)[1]["payload"]["headers"]

    assert sorted(header["name"] for header in headers) == ["From", "Subject"]


def test_the_snippet_is_escaped_for_html(service: Service) -> None:
    id = deliver(service, text="Tom & Jerry's <b>")

    snippet = ask(service, f"messages/{id}?format=minimal")[1]["snippet"]

    assert snippet == "Tom &amp; Jerry&#39;s &lt;b&gt;"
    assert html.unescape(snippet) == "Tom & Jerry's <b>"


def test_a_message_without_labels_has_no_label_ids(service: Service) -> None:
    id = deliver(service, labelIds=[])

    assert "labelIds" not in ask(service, f"messages/{id}?format=minimal")[1]


def test_parts_are_numbered_and_attachments_have_ids_that_change(service: Service) -> None:
    box = service.world.mailbox("a@example.com")
    for message in box.newest_first():
        first, second = (ask(service, f"messages/{message.id}")[1]["payload"] for _ in range(2))
        parts = first.get("parts", ())
        assert [part["partId"] for part in parts] == [str(number) for number in range(len(parts))]
        assert first["partId"] == ""
        files = [(one, two) for one, two in zip(parts, second.get("parts", ()), strict=True) if one["filename"]]
        for one, two in files:
            assert one["body"]["attachmentId"] != two["body"]["attachmentId"]
            assert "data" not in one["body"]
            body = check(
                "MessagePartBody", ask(service, f"messages/{message.id}/attachments/{one['body']['attachmentId']}")[1]
            )
            assert len(base64.urlsafe_b64decode(body["data"])) == body["size"] == one["body"]["size"]
        if files:
            return
    pytest.fail("no attachment in sixty letters")


def test_an_embedded_message_is_an_attachment_and_opened_as_well(service: Service) -> None:
    embedded = b"Subject: inside\r\nContent-Type: text/plain\r\n\r\nnested\r\n"
    report = b"Reporting-MTA: dns; mx.example.com\r\n\r\nStatus: 5.1.1\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n"
    raw += b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + embedded
    raw += b"\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + report + b"\r\n--b--\r\n"
    id = deliver(service, raw=base64.urlsafe_b64encode(raw).decode())

    _, letter, status = check("Message", ask(service, f"messages/{id}")[1])["payload"]["parts"]

    for part, content in ((letter, embedded), (status, report)):
        assert part["body"]["size"] == len(content)
        given = ask(service, f"messages/{id}/attachments/{part['body']['attachmentId']}")[1]
        assert base64.urlsafe_b64decode(given["data"]) == content
    [inner] = letter["parts"]
    assert (inner["partId"], inner["mimeType"]) == ("1.0", "text/plain")
    assert base64.urlsafe_b64decode(inner["body"]["data"]) == b"nested\r\n"
    assert "parts" not in status


def test_an_attachment_id_grows_old_and_belongs_to_its_message(service: Service) -> None:
    raw = b'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n'
    other, id = first_id(service), deliver(service, raw=base64.urlsafe_b64encode(raw).decode())
    attachment = ask(service, f"messages/{id}")[1]["payload"]["body"]["attachmentId"]

    assert ask(service, f"messages/{id}/attachments/{attachment}")[1]["data"] == "QUJD"
    assert ask(service, f"messages/{other}/attachments/{attachment}")[0] == 400
    service.clock = lambda: NOW + service.settings.attachment_ttl + 1
    assert ask(service, f"messages/{id}/attachments/{attachment}")[0] == 400


def test_lists_hide_spam_and_trash_unless_asked(service: Service) -> None:
    trashed = first_id(service)
    service.world.perform("labels", NOW, email="a@example.com", ids=[trashed], add=["TRASH"], remove=["INBOX"])
    shown = check("ListMessagesResponse", ask(service, "messages?maxResults=500")[1])["messages"]
    everything = ask(service, "messages?maxResults=500&includeSpamTrash=true")[1]["messages"]

    assert len(everything) == 60
    assert trashed not in {message["id"] for message in shown}
    assert trashed in {message["id"] for message in everything}


def test_label_ids_are_joined_by_and(service: Service) -> None:
    found = ask(service, "messages?labelIds=INBOX&labelIds=UNREAD&maxResults=500")[1].get("messages", [])
    box = service.world.mailbox("a@example.com")

    assert {m["id"] for m in found} == {m.id for m in box.newest_first() if {"INBOX", "UNREAD"} <= m.labels}
    assert found


def test_an_empty_list_has_no_messages_key(service: Service) -> None:
    assert ask(service, "messages?q=larger:100M")[1] == {"resultSizeEstimate": 0}


def test_threads_are_listed_once_and_shown_whole(service: Service) -> None:
    box = service.world.mailbox("a@example.com")
    listed = check("ListThreadsResponse", ask(service, "threads?maxResults=500&includeSpamTrash=true")[1])["threads"]
    longest = max(box.threads, key=lambda number: len(box.threads[number]))

    thread = check("Thread", ask(service, f"threads/{longest:x}?format=minimal")[1])

    assert len(listed) == len({thread["id"] for thread in listed}) == len(box.threads)
    assert [int(message["id"], 16) for message in thread["messages"]] == box.threads[longest]
    assert ask(service, f"threads/{longest:x}?format=raw")[0] == 400


def test_history_pages_keep_their_start_and_tell_the_current_id(service: Service) -> None:
    start = ask(service, "profile")[1]["historyId"]
    for number in range(5):
        deliver(service, subject=str(number))
    seen, token = [], ""
    while True:
        path = f"history?startHistoryId={start}&maxResults=2" + (f"&pageToken={token}" if token else "")
        page = check("ListHistoryResponse", ask(service, path)[1])
        assert page["historyId"] == ask(service, "profile")[1]["historyId"]
        seen += [record["messagesAdded"][0]["message"]["id"] for record in page["history"]]
        token = page.get("nextPageToken", "")
        if not token:
            break

    assert len(seen) == len(set(seen)) == 5


def test_history_without_changes_has_no_history_key(service: Service) -> None:
    start = ask(service, "profile")[1]["historyId"]

    assert ask(service, f"history?startHistoryId={start}")[1] == {"historyId": start}


def test_history_types_are_singular_and_filter(service: Service) -> None:
    start, id = ask(service, "profile")[1]["historyId"], first_id(service)
    service.world.perform("labels", NOW, email="a@example.com", ids=[id], add=["Label_9"], remove=["INBOX"])
    service.world.perform("delete", NOW, email="a@example.com", ids=[id])

    def kinds(query: str) -> list[list[str]]:
        page = ask(service, f"history?startHistoryId={start}{query}")[1]
        return [sorted(record.keys() - {"id", "messages"}) for record in page.get("history", ())]

    assert kinds("") == [["labelsAdded", "labelsRemoved"], ["messagesDeleted"]]
    assert kinds("&historyTypes=labelRemoved") == [["labelsRemoved"]]
    assert kinds("&historyTypes=messageAdded") == []
    assert ask(service, f"history?startHistoryId={start}&historyTypes=messagesAdded")[0] == 400


def test_expired_history_is_not_found(service: Service) -> None:
    start = ask(service, "profile")[1]["historyId"]
    service.world.perform("expire-history", NOW, email="a@example.com")

    status, body = ask(service, f"history?startHistoryId={start}")

    assert status == 404
    assert body["error"]["errors"][0]["reason"] == "notFound"
    assert body["error"]["message"] == "Requested entity was not found."


def test_the_metadata_scope_sees_no_bodies_even_beside_another(service: Service) -> None:
    id, scope = first_id(service), f"{METADATA} {READONLY}"

    assert ask(service, f"messages/{id}?format=metadata", scope=scope)[0] == 200
    for path in (f"messages/{id}", f"messages/{id}?format=raw", "messages?q=x"):
        status, body = ask(service, path, scope=scope)
        assert (status, body["error"]["errors"][0]["reason"]) == (403, "forbidden")


def test_reading_does_not_allow_writing(service: Service) -> None:
    path = f"messages/{first_id(service)}/modify"

    assert ask(service, path, verb="POST", body={"addLabelIds": ["STARRED"]}, scope=READONLY)[0] == 403
    assert ask(service, path, verb="POST", body={"addLabelIds": ["Label_9"]})[1]["labelIds"].count("Label_9") == 1


def test_a_fields_mask_cuts_the_answer(service: Service) -> None:
    page = ask(service, "messages?maxResults=3&fields=messages/id,nextPageToken")[1]

    assert page.keys() == {"messages", "nextPageToken"}
    assert all(message.keys() == {"id"} for message in page["messages"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("messages/0000000000000001", 404),
        ("messages/not-an-id", 400),
        ("messages?pageToken=nonsense", 400),
        ("messages?maxResults=many", 400),
        ("history", 400),
        ("messages?maxResults=%C2%B2", 400),
        ("history?startHistoryId=" + "9" * 5_000, 400),
        ("nothing", 404),
    ],
)
def test_a_wrong_request_is_refused(service: Service, path: str, status: int) -> None:
    seen, body = ask(service, path)

    assert seen == status == body["error"]["code"]


def test_a_deleted_message_is_not_found_any_more(service: Service) -> None:
    id = first_id(service)
    assert ask(service, f"messages/{id}", verb="DELETE") == (204, {})

    assert ask(service, f"messages/{id}")[0] == 404


def test_the_two_kinds_of_page_tokens_list_the_same(service: Service) -> None:
    def walk() -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            page = ask(service, f"messages?maxResults=7&includeSpamTrash=true{token}")[1]
            found += [message["id"] for message in page["messages"]]
            if "nextPageToken" not in page:
                return found
            token = f"&pageToken={page['nextPageToken']}"

    by_value = walk()
    service.world.settings = replace(service.world.settings, page_tokens="position")

    assert walk() == by_value
    assert len(set(by_value)) == 60
