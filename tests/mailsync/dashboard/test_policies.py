"""The form on how often, how much is mirrored."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from mailsync.models import Account, Body, Message
from syncjobs.models import SyncJob

pytestmark = pytest.mark.django_db


def save(browser: Client, account: Account, **changes: str) -> str:
    values = {"policy": "both", "deleted_policy": "keep", "interval": "3600", **changes}
    html = browser.post(f"/accounts/{account.pk}/policies/", values, follow=True).content.decode()
    account.refresh_from_db()
    return html


def test_the_form_shows_what_holds_now_with_what_follows_from_each_choice(browser: Client, mailbox: Account) -> None:
    Account.objects.update(policy="readable", deleted_policy="remove", interval=timedelta(minutes=7))
    html = browser.get(f"/accounts/{mailbox.pk}/").content.decode()
    assert re.findall(r'value="([a-z]+)" checked', html) == ["readable", "remove"]
    assert re.findall(r'value="(\d+)" selected>([^<]+)', html) == [("420", "Every 7 min")]
    for text in ("if Gmail loses them, so do you", "with the next sync, for good", "found by in:deleted"):
        assert text in html


def test_what_was_chosen_is_kept_and_the_clock_goes_by_it(browser: Client, mailbox: Account) -> None:
    assert "Saved." in save(browser, mailbox, policy="archive", deleted_policy="remove", interval="900")
    assert (mailbox.policy, mailbox.deleted_policy, mailbox.interval) == ("archive", "remove", timedelta(minutes=15))
    moved = mailbox.next_sync_at
    save(browser, mailbox, policy="archive", deleted_policy="remove", interval="900")
    assert mailbox.next_sync_at == moved is not None  # what stays the same moves nothing


def test_who_wants_every_byte_from_now_on_gets_the_originals_that_are_owed(
    browser: Client, mailbox: Account, mail: Callable[..., Message]
) -> None:
    Account.objects.update(policy="readable")
    Body.objects.create(account=mailbox, message=mail(mailbox, "a1"), data=b"")
    save(browser, mailbox, policy="both")
    assert SyncJob.objects.get().mode == "backfill"


@pytest.mark.parametrize("nonsense", [{"policy": "all"}, {"deleted_policy": ""}, {"interval": "1"}, {"interval": "x"}])
def test_what_is_no_choice_changes_nothing(browser: Client, mailbox: Account, nonsense: dict[str, str]) -> None:
    before = mailbox.interval
    assert "Choose from the lists." in save(browser, mailbox, **{"policy": "archive", "interval": "900", **nonsense})
    assert (mailbox.policy, mailbox.interval) == ("both", before)


def test_the_policies_of_a_stranger_are_not_found(browser: Client, strangers: Account) -> None:
    assert browser.post(f"/accounts/{strangers.pk}/policies/", {"policy": "archive"}).status_code == 404
