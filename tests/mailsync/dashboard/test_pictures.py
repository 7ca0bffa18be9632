"""The page of figures."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from mailsync import pictures
from mailsync.models import Account, Label, Message


def test_every_number_stands_in_a_table_for_whoever_runs_no_script(
    browser: Client, mailbox: Account, mail: Callable[..., Message], label: Callable[..., Label]
) -> None:
    label(mailbox, "Label_1", "Bills <b>")
    mail(mailbox, "a1", sender_name="Carl <i>", labels=["INBOX", "Label_1"])
    pictures.tick()
    html = browser.get(f"/accounts/{mailbox.pk}/figures/").content.decode()
    assert html.count("<table") == 4  # nothing was spent yet, no job has run
    for text in ("Carl &lt;i&gt;", "Bills &lt;b&gt;", f"/mail/?account={mailbox.pk}&amp;label=Label_1"):
        assert text in html
    assert "<i>" not in html


def test_a_mailbox_not_counted_yet_says_so(browser: Client, mailbox: Account) -> None:
    html = browser.get(f"/accounts/{mailbox.pk}/figures/").content.decode()
    assert "is being counted" in html


def test_the_page_counts_nothing_itself(
    browser: Client, mailbox: Account, mail: Callable[..., Message], django_assert_max_num_queries: Any
) -> None:
    mail(mailbox, "a1")
    pictures.tick()
    with django_assert_max_num_queries(7):
        browser.get(f"/accounts/{mailbox.pk}/figures/")


def test_the_figures_of_a_stranger_are_not_found(browser: Client, strangers: Account) -> None:
    pictures.tick()
    assert browser.get(f"/accounts/{strangers.pk}/figures/").status_code == 404
