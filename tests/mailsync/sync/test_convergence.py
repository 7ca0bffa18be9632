"""Any events, any split into slices, any crash, any fault: in the end the mirror equals the mailbox, to the byte."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from mailsync.models import Account, Checkpoint
from mailsync.sync import job as sync_job
from mailsync.sync.engine import Engine
from mailsync.sync.plan import Changes
from mailsync.sync.ports import Batch, Progress
from mailsync.sync.store import MailboxStore
from tests.chaos.cuts import installed
from tests.mailsync.sync.unrest import Unrest
from tests.mailsync.sync.weather import Weather

Examine = Callable[..., Counter[str]]
DEFAULT, LONG = 8, 2_000


@pytest.fixture
def examine(weather: Weather) -> Iterator[Examine]:
    """examine(examples) lives that many stretches of a mailbox's life, and counts what happened."""

    def run(
        examples: int, *, seed: int = 0, phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink)
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        run_state_machine_as_test(
            partial(Unrest, weather, counts),
            settings=settings(
                max_examples=examples,
                stateful_step_count=8,
                derandomize=True,
                database=None,
                deadline=None,
                phases=phases,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return counts

    with installed():
        yield run


def table(counts: Counter[str]) -> str:
    return "\n".join(f"{what}: {times}" for what, times in sorted(counts.items()))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("policy", [Account.Policy.BOTH])
def test_whatever_happens_the_mirror_becomes_equal(examine: Examine, record_property: Any) -> None:
    counts = examine(DEFAULT)
    record_property("summary", table(counts))


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("policy", list(Account.Policy))
def test_whatever_happens_two_thousand_times(examine: Examine, record_property: Any) -> None:
    record_property("summary", table(examine(LONG)))


class Amnesiac(Engine):
    """Takes Gmail's current historyId anew when it goes on with a pass."""

    def whole(self, *, confirmed: bool = False) -> None:
        if self.store.checkpoint().position is not None:
            Checkpoint.objects.filter(account=self.store.account).update(history_id=self.gmail.get_profile().history_id)
        super().whole(confirmed=confirmed)


class Debtless(MailboxStore):
    """Forgets what it could not fetch."""

    def _owe(self, batch: Batch) -> None:
        """Nothing."""


class Forgetful(MailboxStore):
    """Moves the cursor without applying what it passes."""

    def apply(self, changes: Changes, history_id: int, progress: Progress) -> None:
        super().apply(Changes(), history_id, progress)


class Faithful(MailboxStore):
    """Does not believe that mail is gone."""

    def _mark_gone(self, ids: list[str], as_of: int) -> None:
        """Nothing."""


def slice_(**how: Any) -> tuple[str, dict[str, Any]]:
    return "work", {"end": "done", "at": 1, "meanwhile": [], "trouble": [], "limit": None, "raw": False, **how}


# The guard `labels_as_of` is not among them: whatever an old listing or record says wrongly, the records up to the cursor
# say again. Without it labels would flicker on the way, and the change log would tell of it.
BROKEN = {
    "the cursor is taken anew": ("Engine", Amnesiac, [slice_(end="stopped", at=50), ("arrive", 2), slice_()]),
    "debts are forgotten": ("MailboxStore", Debtless, [slice_(), ("arrive", 1), slice_(trouble=["denied"])]),
    "history is not applied": ("MailboxStore", Forgetful, [slice_(), ("star", [1]), slice_()]),
    "the dead live on": ("MailboxStore", Faithful, [slice_(), ("vanish", [1]), ("forget_history",), slice_()]),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_rule_that_is_broken_is_found(
    examine: Examine, weather: Weather, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    name, broken, scene = BROKEN[rule]
    play(Unrest(weather, Counter()), scene)
    monkeypatch.setattr(sync_job, name, broken)
    with pytest.raises(AssertionError):
        play(Unrest(weather, Counter()), scene)


def play(machine: Unrest, scene: list[tuple[Any, ...]]) -> None:
    for event in scene:
        machine.happen(event)
        machine.what_is_claimed_is_true()
    machine.teardown()
