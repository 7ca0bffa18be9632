"""The doctor before a healthy installation, then before broken ones: each is named, and nothing else is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from mailsync import push_counts, watch
from mailsync.credentials import user_grant
from mailsync.doctor import disk
from mailsync.doctor.checks import CHECKS
from mailsync.doctor.registry import Finding, Level, examine
from mailsync.models import Account, Watch
from syncjobs import liveness
from syncjobs.clock import SyncNow, in_
from syncjobs.models import Heartbeat
from syncjobs.states import QUEUES
from tests.gmail.wire import Asked, Reply, serving
from tests.mailsync.simulated import Gmail

TOPIC = "projects/simulator/topics/gmail"
NOWHERE = "redis://127.0.0.1:9/0"
ROOT = Path(__file__).resolve().parents[3]


class Healthy:
    """An installation with a mailbox, and what a test needs to break it."""

    def __init__(self, settings: Any, gmail: Gmail, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings, self.gmail, self.account, self.monkeypatch = settings, gmail, account, monkeypatch
        self.redis = redis.Redis.from_url(settings.REDIS_URL)

    def grant(self, token: str) -> None:
        Account.objects.filter(pk=self.account.pk).update(credentials=user_grant(token))


@pytest.fixture
def healthy(
    settings: Any, gmail: Gmail, account: Account, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Healthy]:
    settings.PUBLIC_URL = live_server.url
    settings.SECRET_KEY, settings.ALLOWED_HOSTS = "s" * 50, ["localhost", "127.0.0.1"]
    settings.GOOGLE_PUBSUB_TOPIC = TOPIC
    settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT = "push@simulator.iam.gserviceaccount.com"
    settings.GOOGLE_PUBSUB_AUDIENCE = f"{live_server.url}/push/gmail/"
    for name in [liveness.BEAT, *map(liveness.queue_name, QUEUES)]:
        liveness.seen(name)
    Heartbeat.objects.update(seen_at=in_(timedelta(minutes=5)))  # so that a slow machine does not find them silent
    assert watch.tick() == 1
    made = Healthy(settings, gmail, account, monkeypatch)
    made.redis.hset(push_counts.KEY, push_counts.ACCEPTED, 1)
    yield made
    gmail.control("topics", topics=None)
    made.redis.delete(push_counts.KEY)
    made.redis.close()


def found(level: Level = Level.BAD) -> dict[str, Finding]:
    return {each.check: each for each in examine(CHECKS) if each.level is level}


def test_a_healthy_installation_has_nothing_to_mend(healthy: Healthy) -> None:
    assert not found() and not found(Level.SKIPPED)
    out = StringIO()
    call_command("doctor", stdout=out)
    assert out.getvalue().strip().endswith("All is well.")
    assert {each.check for each in examine(CHECKS)} == {check.name for check in CHECKS}


Break = Callable[[Healthy], Any]


def without_migration(healthy: Healthy) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM django_migrations WHERE app = 'mailsync'")
        cursor.execute("DELETE FROM django_migrations WHERE id = %s", [cursor.fetchone()[0]])


def without_extension(healthy: Healthy) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")


def behind_a_pooler_for_a_bare_role(healthy: Healthy) -> None:
    healthy.settings.DATABASE_POOLER = "transaction"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")


def with_another_clock(healthy: Healthy) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sync.clock_offset', '10 seconds', true)")


def without_worker(healthy: Healthy) -> None:
    Heartbeat.objects.filter(name="queue.scheduled").delete()


def without_beat(healthy: Healthy) -> None:
    Heartbeat.objects.filter(name="beat").update(seen_at=in_(-timedelta(hours=1)))


def with_a_lost_topic(healthy: Healthy) -> None:
    healthy.gmail.control("topics", topics={TOPIC: False})
    Watch.objects.update(expires_at=in_(-timedelta(hours=1)), due_at=SyncNow())
    watch.tick()


def with_a_dead_grant(healthy: Healthy) -> None:
    healthy.gmail.control("revoke", email=healthy.account.email)


def with_the_wrong_scope(healthy: Healthy) -> None:
    labels = ["https://www.googleapis.com/auth/gmail.labels"]
    healthy.gmail.control("grant", email=healthy.account.email, token="narrow", scopes=labels)
    healthy.grant("narrow")


def with_metadata_beside(healthy: Healthy) -> None:
    wide = [f"https://www.googleapis.com/auth/gmail.{name}" for name in ("readonly", "metadata")]
    healthy.gmail.control("grant", email=healthy.account.email, token="wide", scopes=wide)
    healthy.grant("wide")


def with_forged_pushes_only(healthy: Healthy) -> None:
    healthy.redis.delete(push_counts.KEY)
    healthy.redis.hset(push_counts.KEY, push_counts.FORGED + "audience", 7)


def put(**values: Any) -> Break:
    def change(healthy: Healthy) -> None:
        for name, value in values.items():
            setattr(healthy.settings, name, value)

    return change


# How it is broken, which check says so, in which words; which checks cannot be made then.
BROKEN: dict[str, tuple[Break, str, str, set[str]]] = {
    "a short secret": (put(SECRET_KEY="short"), "secrets", "SECRET_KEY is short", set()),
    "no such extension": (without_extension, "extension", "CREATE EXTENSION pg_trgm", set()),
    "a role without limits": (behind_a_pooler_for_a_bare_role, "limits", "SET lock_timeout = '5s'", set()),
    "an old table": (
        without_migration,
        "migrations",
        "manage.py migrate",
        {"clock", "workers", "beat", "keys", "grants", "scopes", "watches"},
    ),
    "clocks that differ": (with_another_clock, "clock", "differ by 10 s", {"workers"} - {"workers"}),
    "no Redis": (put(REDIS_URL=NOWHERE), "redis", "127.0.0.1:9 does not answer", {"eviction", "pushes"}),
    "no broker": (put(CELERY_BROKER_URL=NOWHERE), "broker", "broker at 127.0.0.1:9", set()),
    "no worker": (without_worker, "workers", "Start the process `scheduled`", set()),
    "no beat": (without_beat, "beat", "Start the process `beat`", set()),
    "no Google": (
        put(GOOGLE_BASE_URL="http://127.0.0.1:9"),
        "consent",
        "correct GOOGLE_BASE_URL",
        {"client", "scopes"},
    ),
    "no client": (put(GOOGLE_CLIENT_ID=""), "consent", "GOOGLE_CLIENT_ID is not set", {"client", "scopes"}),
    "the wrong secret": (
        put(GOOGLE_CLIENT_SECRET="wrong"),
        "client",
        "does not know the OAuth client by this secret",
        {"scopes"},
    ),
    "a lost key": (
        put(TOKEN_ENCRYPTION_KEYS=[Fernet.generate_key().decode()]),
        "keys",
        "No key of TOKEN_ENCRYPTION_KEYS opens 1",
        set(),
    ),
    "a grant that ended": (with_a_dead_grant, "scopes", "has ended", set()),
    "a grant too narrow": (with_the_wrong_scope, "scopes", "does not allow to read mail", set()),
    "a grant with metadata": (with_metadata_beside, "scopes", "holds gmail.metadata", set()),
    "half of push": (
        put(GOOGLE_PUBSUB_SERVICE_ACCOUNT=""),
        "push",
        "GOOGLE_PUBSUB_SERVICE_ACCOUNT is not",
        {"door"},
    ),
    "the other half": (put(GOOGLE_PUBSUB_TOPIC=""), "push", "GOOGLE_PUBSUB_TOPIC is not", {"door"}),
    "Gmail's own account": (
        put(GOOGLE_PUBSUB_SERVICE_ACCOUNT="gmail-api-push@system.gserviceaccount.com"),
        "push",
        "signs no pushes",
        {"door"},
    ),
    "a closed topic": (with_a_lost_topic, "watches", "the role Pub/Sub Publisher", set()),
    "pushes that are all refused": (
        with_forged_pushes_only,
        "pushes",
        "All pushes so far were refused, 7: audience 7",
        set(),
    ),
    "a full disk": (
        lambda healthy: (
            healthy.monkeypatch.setattr(disk, "LEAST_FREE", 2**60),
            healthy.monkeypatch.setattr(disk, "LEAST_SHARE", 2.0),
        ),
        "disk",
        "Make room",
        set(),
    ),
}


class Undo(Exception):
    """Ends a transaction that broke the database."""


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done to the database within is not done in the end."""
    try:
        with transaction.atomic():
            yield
            raise Undo
    except Undo:
        pass


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_and_nothing_else(healthy: Healthy, name: str) -> None:
    change, check, words, skipped = BROKEN[name]
    with undone():
        change(healthy)
        bad = found()
        assert set(bad) == {check}
        assert words in bad[check].said + bad[check].mend
        assert set(found(Level.SKIPPED)) == skipped
        with pytest.raises(CommandError, match=f"To be mended: {check}"):
            call_command("doctor", stdout=StringIO())


@pytest.fixture
def evicting(healthy: Healthy) -> Iterator[None]:
    healthy.redis.config_set("maxmemory-policy", "allkeys-lru")
    yield
    healthy.redis.config_set("maxmemory-policy", "noeviction")


def test_a_redis_that_forgets_is_named(evicting: None) -> None:
    assert "allkeys-lru" in found()["eviction"].said


def test_a_host_that_the_web_process_does_not_answer_to_is_named(healthy: Healthy) -> None:
    healthy.settings.ALLOWED_HOSTS = ["mail.example.com"]
    bad = found()
    assert set(bad) == {"address", "web"} and "ALLOWED_HOSTS" in bad["address"].said
    assert "answers 400" in bad["web"].said


def elsewhere(asked: Asked) -> Reply:
    """A web process that was started without the settings of push, or a proxy that keeps pushes to itself."""
    return Reply(body=b"ok\n") if asked.path == "/healthz" else Reply(404, b"{}")


def test_a_web_process_that_expects_no_pushes_is_named(healthy: Healthy) -> None:
    with serving(elsewhere) as wire:
        healthy.settings.PUBLIC_URL = wire.url
        healthy.settings.GOOGLE_PUBSUB_AUDIENCE = f"{wire.url}/push/gmail/"
        bad = found()
    assert set(bad) == {"door"} and "does not expect pushes" in bad["door"].said


def test_something_else_at_our_address_is_named(healthy: Healthy) -> None:
    healthy.settings.PUBLIC_URL = healthy.gmail.url
    assert "but not as mailsync" in found()["web"].said
    healthy.settings.PUBLIC_URL = "http://127.0.0.1:9"
    assert "does not answer" in found()["web"].said


def test_a_mailbox_that_waits_for_its_owner_is_named(healthy: Healthy) -> None:
    Account.objects.update(state=Account.State.RECONNECT)
    bad = found()
    assert set(bad) == {"grants"} and healthy.account.email in bad["grants"].said


def test_secrets_under_an_older_key_are_worth_a_note(healthy: Healthy) -> None:
    keys = healthy.settings.TOKEN_ENCRYPTION_KEYS
    healthy.settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *keys]
    assert not found() and "rotate_token_keys" in found(Level.NOTE)["keys"].mend


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py doctor --json` as an operator runs it."""
    command = [sys.executable, "manage.py", "doctor", "--json"]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


def test_a_database_that_is_not_there_is_named_and_keeps_no_other_check_from_being_made() -> None:
    done = run(DATABASE_URL="postgres://mailsync:hidden@127.0.0.1:9/mailsync", GOOGLE_BASE_URL="http://127.0.0.1:9")
    assert done.returncode == 1 and "hidden" not in done.stdout + done.stderr
    told = json.loads(done.stdout)
    levels = {each["check"]: each["level"] for each in told["findings"]}
    assert told["ok"] is False and levels["database"] == "bad" and levels["migrations"] == "skipped"
    assert levels["redis"] == "ok" and levels["consent"] == "bad"
    assert "127.0.0.1:9" in next(each["said"] for each in told["findings"] if each["check"] == "database")


def test_nonsense_in_the_environment_is_named() -> None:
    done = run(GMAIL_USER_UNITS_PER_MINUTE="many")
    assert done.returncode == 1 and "GMAIL_USER_UNITS_PER_MINUTE must be a whole number" in done.stderr


def test_every_check_was_seen_to_fail() -> None:
    others = {"address", "eviction", "door", "web", "grants", "database", "redirect"}  # by the tests beside, and below
    assert {check for _, check, _, _ in BROKEN.values()} | others == {check.name for check in CHECKS}
