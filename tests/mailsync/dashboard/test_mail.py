"""The list of mail."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from mailsync.indexing import reindex
from mailsync.models import Account, Label, Message
from mailsync.search import newest


def subjects(html: str) -> list[str]:
    return re.findall(r'<bdi class="subject">(.*?)</bdi>', html)


def listed(browser: Client, path: str) -> list[str]:
    return subjects(browser.get(path).content.decode())


def test_the_newest_mail_comes_first(browser: Client, mailbox: Account, mail: Callable[..., Message]) -> None:
    for gmail_id in ("a1", "a2", "a3"):
        mail(mailbox, gmail_id)
    assert listed(browser, "/mail/") == ["Subject a3", "Subject a2", "Subject a1"]


def test_spam_and_trash_appear_only_under_their_own_label(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "a1")
    mail(mailbox, "a2", labels=["SPAM"])
    mail(mailbox, "a3", labels=["TRASH"])
    assert listed(browser, "/mail/") == ["Subject a1"]
    assert listed(browser, "/mail/?label=SPAM") == ["Subject a2"]
    assert listed(browser, "/mail/?label=TRASH&q=subject:a3") == ["Subject <mark>a3</mark>"]


def test_mail_deleted_in_gmail_appears_only_when_asked_for(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "a1", deleted_at=timezone.now())
    assert listed(browser, "/mail/") == []
    assert listed(browser, "/mail/?q=in:deleted") == ["Subject a1"]


def test_a_label_narrows_the_list_and_is_called_by_its_name(
    browser: Client, mailbox: Account, mail: Callable[..., Message], label: Callable[..., Label]
) -> None:
    label(mailbox, "Label_7", "Receipts & bills")
    mail(mailbox, "a1", labels=["INBOX", "Label_7"])
    mail(mailbox, "a2")
    html = browser.get("/mail/?label=Label_7").content.decode()
    assert subjects(html) == ["Subject a1"]
    assert '<h1 id="heading">Receipts &amp; bills</h1>' in html


def test_the_search_box_finds_by_operator(browser: Client, mailbox: Account, mail: Callable[..., Message]) -> None:
    mail(mailbox, "a1", sender_email="dora@example.com")
    mail(mailbox, "a2")
    assert listed(browser, "/mail/?q=from:dora") == ["Subject a1"]


def test_a_search_without_a_find_says_so(browser: Client, mailbox: Account) -> None:
    assert "Nothing was found." in browser.get("/mail/?q=from:nobody").content.decode()


def test_a_search_says_so_while_mail_of_an_older_version_waits_for_its_words(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "a1")
    told = "is being indexed"
    assert told in browser.get("/mail/?q=subject").content.decode()
    assert told not in browser.get("/mail/").content.decode()
    assert reindex.tick(20) == 1
    found = browser.get("/mail/?q=subject").content.decode()
    assert told not in found and subjects(found)


def test_a_search_that_found_nothing_so_far_goes_on_when_asked(
    browser: Client, mailbox: Account, mail: Callable[..., Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: dict[str, Any] = {"LEAST_NEAR": 2, "NEAR": 0, "MOST_TEXTS": 2, "FEW_TEXTS": -1, "PATIENCE": 0}
    for name, value in limits.items():
        monkeypatch.setattr(newest, name, value)
    for number in range(6):
        text = " see you " if number == 0 else " you see "
        mail(mailbox, f"a{number}", words=text)
    shown: list[tuple[list[str], bool]] = []
    path = "/mail/?q=%22see+you%22&by=message"
    while path:
        html = browser.get(path).content.decode()
        shown.append((subjects(html), "Nothing was found so far" in html))
        older = re.search(r'rel="next" href="([^"]+)"', html)
        path = unescape(older[1]) if older else ""
    assert shown == [([], True)] * 2 + [(["Subject a0"], False)]


def test_one_mailbox_of_several_can_be_shown_alone(
    browser: Client, anna: User, mailbox: Account, connected: Callable[..., Account], mail: Callable[..., Message]
) -> None:
    other = connected(anna, "second@example.com")
    mail(mailbox, "a1")
    mail(other, "b1")
    assert len(listed(browser, "/mail/")) == 2
    assert listed(browser, f"/mail/?account={other.pk}") == ["Subject b1"]


def test_thousands_of_one_second_page_without_loss(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    moment = timezone.now()
    for number in range(25):
        mail(mailbox, f"a{number:02}", internal_date=moment)
    seen: list[str] = []
    path: str | None = "/mail/?page_size=10"
    while path:
        html = browser.get(path).content.decode()
        seen += subjects(html)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        path = older[1].replace("&amp;", "&") if older else None
    assert seen == [f"Subject a{number:02}" for number in reversed(range(25))]


@pytest.mark.parametrize("path", ["/mail/?cursor=made-up", "/mail/?account=x", "/mail/?account=999999"])
def test_what_cannot_be_is_not_found(browser: Client, mailbox: Account, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_mail(
    browser: Client,
    mailbox: Account,
    mail: Callable[..., Message],
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
) -> None:
    mail(mailbox, "a1")
    with django_assert_max_num_queries(9) as first:
        browser.get("/mail/")
    for number in range(10):
        mail(mailbox, f"b{number}", thread_id=f"t{number}", sender_email=mailbox.email, has_attachments=True)
    with django_assert_num_queries(len(first)):
        browser.get("/mail/")


def test_markup_in_a_subject_is_shown_as_text(browser: Client, mailbox: Account, mail: Callable[..., Message]) -> None:
    mail(mailbox, "a1", subject="<script>alert(1)</script>", sender_name="<b>x", snippet="<i>y")
    html = browser.get("/mail/").content.decode()
    assert "<script>alert" not in html
    assert "<b>x" not in html
    assert "<i>y" not in html


def test_a_nul_byte_in_the_address_is_no_error(browser: Client, mailbox: Account) -> None:
    assert browser.get("/mail/?label=%00&q=%00").status_code == 200


def test_a_conversation_is_one_line_until_messages_are_asked_for_which_is_remembered(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "a1", thread_id="t1", sender_name="Carl", labels=["INBOX", "UNREAD"])
    mail(mailbox, "a2", thread_id="t1", sender_email=mailbox.email)
    mail(mailbox, "a3", thread_id="t2")
    html = browser.get("/mail/").content.decode()
    assert subjects(html) == ["Subject a3", "Subject a2"]
    assert "<bdi>Carl, me</bdi>" in html
    assert 'title="Messages in this conversation">2</span>' in html
    assert '<li class="unread">' in html
    assert len(listed(browser, "/mail/?by=message")) == 3
    assert len(listed(browser, "/mail/")) == 3
    assert len(listed(browser, "/mail/?by=nonsense")) == 3
    assert len(listed(browser, "/mail/?by=thread")) == 2


def test_a_conversation_stands_where_its_newest_message_with_the_label_does(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "a1", thread_id="t1", labels=["Label_1"])
    mail(mailbox, "a2", thread_id="t2", labels=["Label_1"])
    mail(mailbox, "a3", thread_id="t1", labels=["INBOX"])
    assert listed(browser, "/mail/?label=Label_1") == ["Subject a2", "Subject a1"]
    assert listed(browser, "/mail/") == ["Subject a3", "Subject a2"]


def test_labels_say_how_much_is_under_them_and_stand_under_their_parents(
    browser: Client, mailbox: Account, mail: Callable[..., Message], label: Callable[..., Label]
) -> None:
    label(mailbox, "Label_1", "Work")
    label(mailbox, "Label_2", "Work/Projects")
    label(mailbox, "Label_3", "Alone/Inside")
    for number in range(3):
        mail(mailbox, f"a{number}", labels=["INBOX", "Label_2", *(["UNREAD"] if number else [])])
    html = browser.get("/mail/").content.decode()
    places = re.findall(r"<li( class=\"depth-\d\")?><a [^>]*><span>([^<]*)</span>(?: <small>(.*?)</small>)?</a>", html)
    shown = {name: (nested, re.sub(r"<[^>]*>", "", counts)) for nested, name, counts in places}
    assert shown["Inbox"] == ("", "2 unread / 3")
    assert shown["Unread"] == ("", "2")
    assert shown["Starred"] == ("", "")
    assert shown["Projects"] == (' class="depth-1"', "2 unread / 3")
    assert shown["Alone/Inside"] == ("", "")
    assert [name for _, name, _ in places][-3:] == ["Alone/Inside", "Work", "Projects"]


def test_labels_of_two_mailboxes_that_share_an_id_are_two_labels(
    browser: Client,
    anna: User,
    mailbox: Account,
    connected: Callable[..., Account],
    mail: Callable[..., Message],
    label: Callable[..., Label],
) -> None:
    other = connected(anna, "second@example.com")
    label(mailbox, "Label_1", "Receipts")
    label(other, "Label_1", "Holidays")
    mail(mailbox, "a1", labels=["INBOX", "Label_1"])
    mail(other, "b1", labels=["Label_1"])
    html = browser.get("/mail/").content.decode()
    assert re.findall(r'<span class="chip">(.*?)</span>', html) == ["Holidays", "Receipts"]
    assert f'?label=Label_1&amp;account={mailbox.pk}" title="Receipts"' in html
    assert f'?label=Label_1&amp;account={other.pk}" title="Holidays"' in html


def test_what_was_searched_for_is_marked_and_goes_with_the_link(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "a1", subject="Lunch & tea", snippet="No lunch", sender_name="Lunchtime")
    html = browser.get("/mail/?q=subject:lunch").content.decode()
    assert subjects(html) == ["<mark>Lunch</mark> &amp; tea"]
    assert "<bdi>Lunchtime</bdi>" in html
    assert f'href="/mail/a1/?account={mailbox.pk}&amp;q=subject%3Alunch"' in html


def test_who_has_no_mailbox_is_told_how_to_get_one(browser: Client) -> None:
    html = browser.get("/mail/").content.decode()
    assert "No mailbox is connected yet." in html
    assert 'href="/connect/"' in html


def test_a_search_that_finds_nothing_offers_to_look_further(browser: Client, mailbox: Account) -> None:
    html = browser.get("/mail/?q=tea&label=INBOX").content.decode()
    assert 'href="?q=tea"' in html
    assert 'href="?q=tea+in%3Aanywhere&amp;label=INBOX"' in html
    assert "Search there, too" not in browser.get("/mail/?q=tea+in:anywhere").content.decode()
