"""The page of one message."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gmail import mime
from mailsync.messages import raw
from mailsync.models import Account, Change, Label, Message, RawMessage
from mailsync.sync import rows

PLAIN = b"From: Carl <carl@example.com>\r\nSubject: Hello\r\nX-Odd: 1 < 2\r\n\r\nTwo < three & more\r\n"
HTML = (
    b"From: carl@example.com\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n'
    b'<p style="color:red">Dear Anna</p><script>alert(1)</script><img src="https://spy.example/p.gif">'
    b'<a href="https://example.org/">there</a>\r\n--b\r\nContent-Type: application/pdf; name="bill.pdf"\r\n'
    b'Content-Disposition: attachment; filename="bill.pdf"\r\n\r\nPDF\r\n--b--\r\n'
)


@pytest.fixture
def held(mailbox: Account, mail: Callable[..., Message]) -> Callable[[bytes], Message]:
    """held(raw) makes a message with its bytes."""

    def make(data: bytes) -> Message:
        found = [
            {"part_id": each.part_id, "filename": each.filename, "mime_type": each.mime_type, "size": each.size}
            for each in mime.parse(data).attachments
        ]
        message = mail(mailbox, "18c0de", thread_id="t1", attachments=found)
        packed, size, digest = rows.raw_row(data)
        RawMessage.objects.create(message=message, data=packed, size=size, sha256=digest)
        assert raw(message) == data
        return message

    return make


def test_plain_text_stands_escaped_in_the_page(browser: Client, held: Callable[[bytes], Message]) -> None:
    held(PLAIN)
    html = browser.get("/mail/18c0de/").content.decode()
    assert "Two &lt; three &amp; more" in html
    assert "1 &lt; 2" in html
    assert "<iframe" not in html


def test_html_stands_in_a_sandboxed_frame(browser: Client, held: Callable[[bytes], Message]) -> None:
    held(HTML)
    html = browser.get("/mail/18c0de/").content.decode()
    frame = html[html.index("<iframe") : html.index("</iframe>")]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    assert "Dear Anna" not in frame
    assert "bill.pdf" in html


def test_the_frame_holds_sanitised_html_under_a_policy_of_its_own(
    browser: Client, held: Callable[[bytes], Message]
) -> None:
    held(HTML)
    answer = browser.get("/mail/18c0de/html/")
    body = answer.content.decode()
    assert '<p style="color:red">Dear Anna</p>' in body
    assert "alert(1)" not in body
    assert "spy.example" not in body
    assert 'target="_blank"' in body
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


def test_html_mail_can_be_read_as_text(browser: Client, held: Callable[[bytes], Message]) -> None:
    held(HTML)
    assert "<iframe" not in browser.get("/mail/18c0de/?view=text").content.decode()


def test_a_message_whose_bytes_are_owed_shows_what_is_known(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "18c0de", snippet="The first words")
    html = browser.get("/mail/18c0de/").content.decode()
    assert "The text of this message is not held here yet." in html
    assert "The first words" in html
    assert browser.get("/mail/18c0de/html/").status_code == 404


def test_the_other_messages_of_the_conversation_are_linked(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "a1", thread_id="t1")
    mail(mailbox, "a2", thread_id="t1")
    mail(mailbox, "a3", thread_id="t2")
    html = browser.get("/mail/a1/").content.decode()
    assert "/mail/a2/" in html
    assert "/mail/a3/" not in html


def test_of_two_mailboxes_with_the_same_id_the_asked_one_is_shown(
    browser: Client, mailbox: Account, connected: Callable[..., Account], mail: Callable[..., Message]
) -> None:
    other = connected(mailbox.owner, "second@example.com")
    mail(mailbox, "a1", subject="Mine first")
    mail(other, "a1", subject="Mine second")
    assert "Mine second" in browser.get(f"/mail/a1/?account={other.pk}").content.decode()
    assert browser.get("/mail/a1/?account=x").status_code == 404


def test_what_happened_to_the_message_is_told_in_words(
    browser: Client, mailbox: Account, mail: Callable[..., Message], label: Callable[..., Label]
) -> None:
    mail(mailbox, "a1")
    label(mailbox, "Label_7", "Receipts")
    told = {"account": mailbox, "history_id": 1, "task_id": "sync_1_00000000_1"}
    Change.objects.create(gmail_id="a1", kind="added", labels_added=["INBOX"], **told)
    Change.objects.create(
        gmail_id="a1", kind="labels", labels_added=["STARRED", "Label_7"], labels_removed=["UNREAD"], **told
    )
    Change.objects.create(gmail_id="a2", kind="deleted", **told)
    html = browser.get("/mail/a1/").content.decode()
    assert "Labels changed</a> · labels added: Starred, Receipts · labels removed: Unread</li>" in html
    assert html.index("Labels changed") < html.index("Added to the mirror</a> · labels added: Inbox</li>")
    assert "Deleted in Gmail" not in html


WITH_PICTURES = (
    b"From: carl@example.com\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n'
    b'<p>Tea</p><img src="cid:logo%40mail"><img src="cid:none"><img src="https://spy.example/p.gif">\r\n'
    b"--b\r\nContent-Type: image/gif\r\nContent-ID: <logo@mail>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"R0lGODlh\r\n--b--\r\n"
)


def policy(answer: Any) -> set[str]:
    return {each.strip() for each in answer["Content-Security-Policy"].split(";")}


def test_pictures_from_elsewhere_are_shown_when_asked_for_and_only_then(
    browser: Client, held: Callable[[bytes], Message]
) -> None:
    held(WITH_PICTURES)
    closed, opened = (browser.get(f"/mail/18c0de/{query}").content.decode() for query in ("", "?pictures=1"))
    assert "Show pictures" in closed
    assert 'src="/mail/18c0de/html/?' in closed
    assert "Hide pictures" in opened
    assert 'src="/mail/18c0de/html/pictures/?' in opened
    without, shown = (browser.get(f"/mail/18c0de/html/{path}") for path in ("", "pictures/"))
    assert "spy.example" not in without.content.decode()
    assert "img-src data:" in policy(without)
    assert '<img src="https://spy.example/p.gif">' in shown.content.decode()
    assert "img-src data: https:" in policy(shown)
    for answer in (without, shown):
        assert {"default-src 'none'", "sandbox allow-popups allow-popups-to-escape-sandbox"} <= policy(answer)
        assert answer["Referrer-Policy"] == "no-referrer"


def test_pictures_that_came_with_the_mail_are_shown_from_the_mirror(
    browser: Client, held: Callable[[bytes], Message]
) -> None:
    held(WITH_PICTURES)
    html = browser.get("/mail/18c0de/html/").content.decode()
    assert '<img src="data:image/gif;base64,R0lGODlh">' in html
    assert "cid:" not in html


def test_a_mail_without_pictures_from_elsewhere_has_nothing_to_show(
    browser: Client, held: Callable[[bytes], Message]
) -> None:
    held(WITH_PICTURES.replace(b'<img src="https://spy.example/p.gif">', b""))
    assert "Show pictures" not in browser.get("/mail/18c0de/").content.decode()


def test_what_was_searched_for_is_marked_in_subject_text_and_frame(
    browser: Client, held: Callable[[bytes], Message]
) -> None:
    held(WITH_PICTURES)
    page = browser.get("/mail/18c0de/?q=tea+subject:c0de").content.decode()
    assert "Subject 18<mark>c0de</mark></h1>" in page
    assert "/html/?account=" in page
    assert "&amp;q=tea%20subject%3Ac0de" in page
    assert "<p><mark>Tea</mark></p>" in browser.get("/mail/18c0de/html/?q=tea").content.decode()
    assert "<mark>Tea</mark>" in browser.get("/mail/18c0de/?q=tea&view=text").content.decode()


def test_the_way_back_leads_to_the_search_it_came_from(browser: Client, held: Callable[[bytes], Message]) -> None:
    held(PLAIN)
    html = browser.get("/mail/18c0de/?q=a%26b&label=INBOX").content.decode()
    assert '<a href="/mail/?q=a%26b&amp;label=INBOX" data-key="u">' in html


def test_a_message_can_be_opened_in_gmail_unless_it_is_gone_there(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    message = mail(mailbox, "18c0de")
    link = 'href="https://mail.google.com/mail/u/?authuser=anna%40example.com#all/18c0de" target="_blank" rel="noopener noreferrer"'
    assert link in browser.get("/mail/18c0de/").content.decode()
    message.deleted_at = message.internal_date
    message.save()
    assert "mail.google.com" not in browser.get("/mail/18c0de/").content.decode()


def test_a_conversation_is_walked_through_in_order(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    for name in ("a1", "a2", "a3"):
        mail(mailbox, name, thread_id="t1")
    html = browser.get("/mail/a2/").content.decode()
    assert "2 of 3 in this conversation" in html
    assert f'rel="prev" href="/mail/a1/?account={mailbox.pk}"' in html
    assert f'rel="next" href="/mail/a3/?account={mailbox.pk}"' in html


def test_the_number_of_queries_of_a_message_does_not_grow_with_its_conversation(
    browser: Client, mailbox: Account, mail: Callable[..., Message], django_assert_num_queries: Any
) -> None:
    mail(mailbox, "a1", thread_id="t1")
    browser.get("/mail/a1/")
    with CaptureQueriesContext(connection) as alone:
        browser.get("/mail/a1/")
    for number in range(20):
        mail(mailbox, f"b{number}", thread_id="t1", sender_name=f"Carl {number}")
    with django_assert_num_queries(len(alone)):
        browser.get("/mail/a1/")
