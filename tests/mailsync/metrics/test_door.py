"""A scrape: for whom it is meant, whole as far as something answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config.embedded.ports import free_port
from mailsync.metrics import door
from mailsync.metrics.catalogue import COUNTED, LEVELS, PREFIX
from mailsync.models import Account, Failure, Notice
from syncjobs.meters import meters
from syncjobs.models import SyncJob
from syncjobs.states import State
from tests.mailsync.dashboard.conftest import connected, job, mailbox  # noqa: F401


@pytest.fixture(autouse=True)
def not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", -1.0)


def scraped(client: Client, **headers: str) -> dict[str, float]:
    """Each sample by its name with labels."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.content
    samples = [each for family in text_string_to_metric_families(answer.content.decode()) for each in family.samples]
    return {
        "|".join([each.name, *(f"{k}={v}" for k, v in sorted(each.labels.items()))]): each.value for each in samples
    }


def test_what_is_counted_and_how_things_stand_is_there(
    db: None,
    client: Client,
    mailbox: Account,  # noqa: F811
    job: Callable[..., SyncJob],  # noqa: F811
) -> None:
    before = scraped(client)
    meters.count("quota_units", 40), meters.count("jobs_finished", kind="mailbox", state="FAILED", code='gone\n\\"')
    meters.observe("claim_latency_seconds", 0.3)
    job(mailbox, State.CREATED, not_before=timezone.now() - timedelta(minutes=7))
    Account.objects.update(
        last_success_at=timezone.now() - timedelta(hours=3), next_sync_at=timezone.now() - timedelta(seconds=50)
    )
    Failure.objects.create(account=mailbox, gmail_id="a", code="refused")
    Notice.objects.create(user=mailbox.owner, event="failed", way="mail", dedupe_key="x")
    found = scraped(client)
    assert found["mailsync_quota_units_total"] == before["mailsync_quota_units_total"] + 40
    assert found['mailsync_jobs_finished_total|code=gone\n\\"|kind=mailbox|state=FAILED'] >= 1
    more = {name: value - before[name] for name, value in found.items() if name.startswith("mailsync_claim_latency")}
    assert more["mailsync_claim_latency_seconds_count"] == 1
    assert [more[f"mailsync_claim_latency_seconds_bucket|le={each}"] for each in ("0.25", "0.5", "+Inf")] == [0, 1, 1]
    assert found["mailsync_jobs|age=1m|state=CREATED"] == 1
    assert 419 < found["mailsync_oldest_created_seconds"] < 500 and 49 < found["mailsync_tick_lag_seconds"] < 120
    behind = [found[f"mailsync_accounts_behind|more_than={each}"] for each in ("15m", "2h", "6h")]
    assert behind == [1, 1, 0] and found["mailsync_accounts|state=ok"] == 1
    assert found["mailsync_message_failures|code=refused"] == 1 == found["mailsync_notices_waiting"]
    assert found["mailsync_up|part=database"] == 1 == found["mailsync_up|part=redis"]


def test_every_name_is_there_before_anything_happened(db: None, client: Client) -> None:
    text = client.get("/metrics").content.decode()
    for name in [*COUNTED, *LEVELS, "pushes"]:
        assert f"# HELP {PREFIX}{name}" in text


def test_a_part_that_is_away_says_so_and_the_rest_is_there(db: None, client: Client, settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    found = scraped(client)
    assert found["mailsync_up|part=redis"] == 0 and found["mailsync_up|part=database"] == 1
    assert "mailsync_tick_lag_seconds" in found and "mailsync_claims_total" not in found


def test_a_database_that_refuses_says_so_and_the_counts_are_there(db: None, client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mailsync_watch RENAME TO away")
    found = scraped(client)
    assert found["mailsync_up|part=database"] == 0 and found["mailsync_up|part=redis"] == 1
    assert "mailsync_claims_total" in found and "mailsync_tick_lag_seconds" not in found


@pytest.mark.parametrize(
    ("token", "headers", "address", "allowed"),
    [
        ("", {}, "127.0.0.1", True),
        ("", {}, "::1", True),
        ("", {}, "10.0.0.7", False),
        ("", {"X-Forwarded-For": "10.0.0.7"}, "127.0.0.1", False),
        ("", {"Authorization": "Bearer "}, "10.0.0.7", False),
        ("t0ken", {}, "127.0.0.1", False),
        ("t0ken", {"Authorization": "Bearer wrong"}, "10.0.0.7", False),
        ("t0ken", {"Authorization": "Token t0ken"}, "10.0.0.7", False),
        ("t0ken", {"Authorization": "Bearer t0ken"}, "10.0.0.7", True),
        ("t0ken", {"Authorization": "Bearer té"}, "10.0.0.7", False),
    ],
)
def test_it_is_for_whom_it_is_meant(
    db: None, client: Client, settings: Any, token: str, headers: dict[str, str], address: str, allowed: bool
) -> None:
    settings.METRICS_TOKEN = token
    answer = client.get("/metrics", headers=headers, REMOTE_ADDR=address)
    assert answer.status_code == (200 if allowed else 403)
    assert (b"mailsync_up" in answer.content) is allowed


def test_no_address_of_a_mailbox_is_in_it(db: None, client: Client, mailbox: Account, anna: User) -> None:  # noqa: F811
    text = client.get("/metrics").content.decode()
    assert mailbox.email not in text and anna.username not in text
