"""One sync is cut at each boundary that it crosses; whatever was cut, it ends exact."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from gmail.quota import Priority
from mailsync.credentials import open_credentials, open_mailbox
from mailsync.models import Account, Certificate, Change, Failure, Label, Listed, Message, RawMessage, Usage
from mailsync.sync import job as sync_job
from mailsync.sync.ports import Progress
from mailsync.sync.store import MailboxStore
from tests.chaos.cuts import AFTER, BEFORE, SURVIVED, TRUNCATED, WAYS, Boundary, installed, perform
from tests.chaos.story import BIG, MESSAGES, UNHEARD, Full, Incremental, Story, scissors, small_pages
from tests.committed import transactional_db  # noqa: F401
from tests.mailsync import simulated
from tests.mailsync.simulated import Gmail

SEED = 11
EMAIL = "cut@example.com"
CHUNKS = 8  # of all boundaries of a story, for as many workers as there may be
CUTS = {Full: 5, Incremental: 9}
KILLS = {Full: 2, Incremental: 2}
ROOT = Path(__file__).resolve().parents[2]
STORIES = (Full, Incremental)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulator of its own: its one mailbox is small, with a big message."""
    with (tmp_path_factory.mktemp("gmail") / "log").open("wb") as log:
        process, url = simulated.start([EMAIL], MESSAGES, log)
        try:
            Gmail(url, EMAIL).deliver(messages=[{"subject": "big", "text": "word " * (BIG // 5)}])
            yield url
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout:
                process.stdout.close()


@pytest.fixture
def gmail(address: str, settings: Any, transactional_db: None) -> Iterator[Gmail]:  # noqa: F811
    settings.GOOGLE_BASE_URL = address
    settings.GMAIL_USER_UNITS_PER_MINUTE = settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 0
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = "simulator"
    with small_pages(), installed():
        yield Gmail(address, EMAIL)


Begin = Callable[[type[Story]], Story]


@pytest.fixture
def begin(gmail: Gmail) -> Begin:
    """begin(kind) is such a story about to happen; an incremental one goes on with the account of the one before."""
    held: list[Any] = []

    def make(kind: type[Story]) -> Story:
        if kind is Incremental and not held:
            first = make(Full)
            assert perform(first.work, scissors(first)) is None
        story = kind(held[-1] if held else None, gmail)
        story.begin()
        held.append(story.account)
        return story

    return make


@pytest.fixture(scope="module")
def known() -> dict[type[Story], list[Boundary]]:
    """The boundaries of the stories that were told undisturbed."""
    return {}


Boundaries = Callable[[type[Story]], list[Boundary]]


@pytest.fixture
def boundaries(begin: Begin, known: dict[type[Story], list[Boundary]]) -> Boundaries:
    """boundaries(kind) are all that such a story has."""

    def find(kind: type[Story]) -> list[Boundary]:
        if kind not in known:
            known[kind] = undisturbed(begin(kind))
        return known[kind]

    return find


def undisturbed(story: Story) -> list[Boundary]:
    """Every boundary that the story comes to, in each of its ways."""
    whole = scissors(story)
    assert perform(story.work, whole) is None
    assert story.flaws() == []
    return [Boundary(number, kind, way) for number, kind in enumerate(whole.crossed) for way in WAYS[kind]]


def cut(begin: Begin, kind: type[Story], at: Boundary) -> list[str]:
    """What is wrong after a run that was cut there, and everything that followed by itself."""
    story = begin(kind)
    blades = scissors(story, at=at)
    end = perform(story.work, blades)
    assert blades.struck, f"the run never came to {at}"
    if at.way in SURVIVED:
        assert end is None or isinstance(end, (OperationalError, InterfaceError)), end
    else:
        assert blades.gone, end
    if at.way == TRUNCATED:
        assert [rule["struck"] for rule in story.gmail.ask("stats")["faults"]] == [1], at
        story.gmail.faults()
    assert perform(story.recover, scissors(story)) is None
    return [f"{kind.__name__} {at}: {flaw}" for flaw in story.flaws()]


def one_of_each(found: list[Boundary], dice: random.Random) -> list[Boundary]:
    """One boundary of each kind in each way."""
    return [
        dice.choice([each for each in found if (each.kind, each.way) == (kind, way)])
        for kind, ways in WAYS.items()
        for way in ways
    ]


def distinct(found: list[Boundary]) -> list[Boundary]:
    """Without those that end in the same state: what is after a statement or a snapshot is before whatever comes next."""
    return [each for each in found if each.way != AFTER or each.kind not in ("statement", "snapshot")]


def counted(found: list[Boundary]) -> str:
    """How many of each kind in each way."""
    counts = Counter(f"{each.kind} {each.way}" for each in found)
    return ", ".join(f"{name}: {number}" for name, number in sorted(counts.items()))


@pytest.mark.parametrize("kind", STORIES)
def test_a_sync_cut_at_a_boundary_of_any_kind_ends_exact(
    kind: type[Story], begin: Begin, boundaries: Boundaries, record_property: Callable[[str, object], None]
) -> None:
    found = boundaries(kind)
    dice = random.Random(SEED)
    chosen = dice.sample(one_of_each(found, dice), CUTS[kind])

    flaws = [flaw for at in chosen for flaw in cut(begin, kind, at)]

    record_property(
        "summary",
        f"{kind.__name__} has {len(found)} boundaries ({counted(found)})\n"
        f"cut at {len(chosen)} ({counted(chosen)}): {flaws or 'exact'}",
    )
    assert flaws == []


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("kind", STORIES)
def test_a_sync_cut_at_every_boundary_ends_exact(
    kind: type[Story], chunk: int, begin: Begin, boundaries: Boundaries, record_property: Callable[[str, object], None]
) -> None:
    chosen = distinct(boundaries(kind))[chunk::CHUNKS]

    flaws = [flaw for at in chosen for flaw in cut(begin, kind, at)]

    record_property("summary", f"{kind.__name__}: cut at {len(chosen)} ({counted(chosen)}): {flaws or 'exact'}")
    assert flaws == []


Doomed = Callable[[Story, Boundary], int]


@pytest.fixture
def doomed(gmail: Gmail) -> Iterator[Doomed]:
    """doomed(story, boundary) lets a process work that kills itself there; how it ended."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {
        "GOOGLE_BASE_URL": gmail.url,
        "DATABASE_URL": database,
        "GMAIL_USER_UNITS_PER_MINUTE": "0",
        "GMAIL_PROJECT_UNITS_PER_MINUTE": "0",
    }
    command = [sys.executable, "-m", "tests.chaos.doomed", gmail.url, gmail.email]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    orders, ends = process.stdin, process.stdout
    assert orders is not None and ends is not None

    def live(story: Story, at: Boundary) -> int:
        line = [type(story).__name__, story.account.pk, at.number, at.kind, at.way]
        print(json.dumps(line), file=orders, flush=True)
        return int(ends.readline())

    try:
        yield live
    finally:
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def test_a_process_killed_at_a_boundary_leaves_nothing_that_its_successor_cannot_end(
    begin: Begin, boundaries: Boundaries, doomed: Doomed, record_property: Callable[[str, object], None]
) -> None:
    dice, flaws, ends = random.Random(SEED), [], Counter[int]()
    for kind, times in KILLS.items():
        deadly = [each for each in boundaries(kind) if each.way not in SURVIVED]
        for at in dice.sample(deadly, times):
            story = begin(kind)
            ends[doomed(story, at)] += 1
            story.answers = answered_until(at, deadly)
            assert perform(story.recover, scissors(story)) is None
            flaws += [f"{kind.__name__} {at}: {flaw}" for flaw in story.flaws()]

    record_property("summary", f"{ends[-signal.SIGKILL]} processes killed: {flaws or 'exact'}")
    assert ends == {-signal.SIGKILL: sum(KILLS.values())}
    assert flaws == []


def answered_until(at: Boundary, found: list[Boundary]) -> int:
    """How often Gmail had answered a run that ended there."""
    answers = [each.number for each in found if (each.kind, each.way) == ("exchange", AFTER)]
    return sum(number < at.number or (number, AFTER) == (at.number, at.way) for number in answers)


class Hasty(MailboxStore):
    """A store that commits the checkpoint before the page that it stands for."""

    @contextmanager
    def _page(self, progress: Progress, **columns: Any) -> Iterator[None]:
        self._checkpoints().update(seq=F("seq") + 1, **columns)
        with super()._page(progress):
            yield


def test_a_checkpoint_outside_its_page_is_caught_by_a_cut(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_job, "MailboxStore", Hasty)
    commits = [each for each in undisturbed(begin(Incremental)) if (each.kind, each.way) == ("commit", BEFORE)]

    assert any("mail differs" in flaw for at in commits for flaw in cut(begin, Incremental, at))


def test_whatever_is_wrong_after_a_run_is_seen(begin: Begin) -> None:
    story = begin(Full)
    assert perform(story.work, scissors(story)) is None
    assert story.flaws() == []

    unseen = [words for words, forge in FORGERIES.items() if not _seen(story, words, forge)]

    assert unseen == []


def _seen(story: Story, words: str, forge: Callable[[Story], object]) -> bool:
    with transaction.atomic():
        forge(story)
        flaws = story.flaws()
        transaction.set_rollback(True)
    return any(flaw.startswith(words) for flaw in flaws)


def _mail(story: Story) -> Any:
    return Message.objects.filter(account=story.account, deleted_at=None)


def _log(story: Story) -> Any:
    return Change.objects.filter(account=story.account)


def _again(rows: Any) -> None:
    row = rows.first()
    row.pk = None
    row.save(force_insert=True)


def _fetch_all_again(story: Story) -> None:
    mailbox = open_mailbox(
        story.account, open_credentials(story.account), lambda *_: None, priority=Priority.INTERACTIVE, max_wait=1.0
    )
    assert list(mailbox.get_messages(story.small()))
    mailbox.close()


FORGERIES: dict[str, Callable[[Story], object]] = {
    "mail differs": lambda story: _mail(story).filter(pk=_mail(story).first().pk).delete(),
    "labels differ": lambda story: Label.objects.filter(account=story.account, label_id="INBOX").delete(),
    "stubs are left": lambda story: Listed.objects.create(account=story.account, gmail_id="1", thread_id="1"),
    "something is owed": lambda story: Failure.objects.create(account=story.account, gmail_id="1", code="server"),
    "mail without its bytes": lambda story: RawMessage.objects.filter(message__account=story.account).delete(),
    "jobs": lambda story: story.jobs().delete(),
    "added 25, rows 24, log 25": lambda story: _mail(story).filter(pk=_mail(story).first().pk).delete(),
    "added 25, rows 25, log 26": lambda story: _again(_log(story).filter(kind=Change.Kind.ADDED)),
    "bytes": lambda story: RawMessage.objects.filter(message__account=story.account).update(size=F("size") + 1),
    "units": lambda story: Usage.objects.filter(account=story.account).update(units=F("units") + UNHEARD + 1),
    "events": lambda story: _again(story.jobs().get().events.filter(code="done")),
    "fetched again": _fetch_all_again,
    "added twice": lambda story: _again(_log(story).filter(kind=Change.Kind.ADDED)),
    "deleted twice": lambda story: [
        _log(story).create(account=story.account, gmail_id="1", kind=Change.Kind.DELETED, history_id=1) for _ in "12"
    ],
    "the change log does not lead to the mirror": lambda story: _mail(story).update(labels=["INBOX"]),
    "no certificate": lambda story: Certificate.objects.filter(account=story.account).delete(),
    "not complete": lambda story: Account.objects.filter(pk=story.account.pk).update(complete_as_of=None),
}
