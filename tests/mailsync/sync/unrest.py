"""A mailbox that changes and a worker that fails between any two steps, as a Hypothesis machine, with what must hold all along."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mailsync import schedule
from mailsync.models import Account, Certificate, Checkpoint, Listed, Message
from mailsync.sync.scopes import BATCH, FULL, RECONCILE, WINDOW
from syncjobs import runner, shutdown
from syncjobs.admission import Scope
from syncjobs.models import SyncJob
from syncjobs.states import State, Trigger
from tests.chaos.cuts import Cut, Scissors, perform
from tests.chaos.story import elsewhere
from tests.mailsync.mirror import held, truth
from tests.mailsync.sync.weather import LEASE, Weather

NEW, LEAST = 4, 2  # messages of a fresh mailbox, and of any: an emptied one waits for a person
PLACES = st.integers(0, 30)
SOME = st.lists(PLACES, min_size=1, max_size=3)
EVENTS = st.one_of(
    st.tuples(st.just("arrive"), st.integers(1, 3)),
    st.tuples(st.just("star"), SOME),
    st.tuples(st.just("unstar"), SOME),
    st.tuples(st.just("mark"), SOME),
    st.tuples(st.just("throw_away"), SOME),
    st.tuples(st.just("bring_back"), SOME),
    st.tuples(st.just("vanish"), SOME),
    st.tuples(st.just("new_label"), SOME),
    st.tuples(st.just("rename_label"), PLACES),
    st.tuples(st.just("delete_label"), PLACES),
    st.tuples(st.just("forget_history")),
)
TROUBLE = {
    "refused": {"fault": "429", "match": {"every": 3}, "times": 2},
    "out of order": {"fault": "503", "match": {"every": 3}, "times": 4},
    "without a reason": {"fault": "failedPrecondition", "match": {"method": "messages.get", "every": 2}, "times": 6},
    "denied": {"fault": "domain_policy", "match": {"method": "messages.get"}, "times": 1},
    "cut": {"fault": "truncate", "match": {"method": "*", "every": 4}, "times": 2},
    "missing": {"fault": "missing_part", "match": {"every": 2}, "times": 3},
    "old token": {"fault": "expired_page_token", "times": 2},
    "empty": {"fault": "empty_page", "match": {"every": 2}, "times": 3},
    "twice": {"fault": "duplicate_records"},
    "forgotten": {"fault": "history404", "match": {"every": 2}, "times": 1},
}
SLICE = st.fixed_dictionaries(
    {
        "end": st.sampled_from(["done", "done", "killed", "killed", "stopped", "usurped"]),
        "at": st.integers(1, 150),  # boundaries for a kill, else exchanges by the half dozen
        "meanwhile": st.lists(st.tuples(st.integers(1, 25), EVENTS), max_size=2),
        "trouble": st.lists(st.sampled_from(sorted(TROUBLE)), max_size=2, unique=True),
        "limit": st.sampled_from([None, None, None, 2]),
        "raw": st.sampled_from([False, False, True]),
    }
)
CLICKS = st.tuples(st.just("click"), st.sampled_from(["button", "button", "full", "window", "batch"]))
WORK = st.tuples(st.just("work"), SLICE)
HAPPENINGS = st.sampled_from([EVENTS, EVENTS, EVENTS, CLICKS, WORK, WORK, WORK]).flatmap(lambda kind: kind)


class Moments(Scissors):
    """Counts boundaries and exchanges; does what belongs to one of them just before it."""

    def __init__(self, boundaries: dict[int, Callable[[], None]], exchanges: dict[int, Callable[[], None]]) -> None:
        super().__init__()
        self.boundaries, self.exchanges = boundaries, exchanges

    @contextmanager
    def crossing(self, kind: str) -> Iterator[None]:
        if self.gone:
            raise Cut
        self.crossed.append(kind)
        if deed := self.boundaries.get(len(self.crossed)):
            deed()
        if kind == "exchange" and (deed := self.exchanges.get(self.crossed.count(kind))):
            deed()
        yield None

    def cut(self) -> None:
        """The worker ends here."""
        self._end()


class Unrest(RuleBasedStateMachine):
    """Whatever happens, whatever the checkpoint claims is true; in the end the mirror equals the mailbox."""

    def __init__(self, weather: Weather, counts: Counter[str]) -> None:
        super().__init__()
        self.weather, self.gmail, self.counts = weather, weather.gmail, counts
        self.arrived: dict[str, int] = {}
        old = self.gmail.ids()
        self.arrive(NEW)
        self.gmail.delete(old)
        SyncJob.objects.all().delete()
        Account.objects.all().delete()
        weather.connect()
        counts["examples"] += 1

    @initialize(synced=st.booleans())
    def begin(self, synced: bool) -> None:
        if synced:
            self.weather.pursue()

    @rule(event=HAPPENINGS)
    def something_happens(self, event: tuple[Any, ...]) -> None:
        """One rule: a machine that never works would prove little."""
        self.happen(event)
        self.what_is_claimed_is_true()

    def happen(self, event: tuple[Any, ...]) -> None:
        name, *arguments = event
        self.counts[name] += 1
        getattr(self, name)(*arguments)

    def teardown(self) -> None:
        """Fair weather, and nothing else happens."""
        self.gmail.faults()
        self.weather.turn(timedelta(days=2))  # whatever waits is due
        if SyncJob.objects.active().filter(resource=self.weather.account.resource).exists():
            self.weather.pursue()
        self.weather.settle()

    # What happens at Gmail.

    def arrive(self, count: int) -> None:
        said = self.gmail.control("deliver", email=self.gmail.email, count=count)
        self.arrived |= dict.fromkeys(said["ids"], int(said["historyId"]))

    def star(self, places: list[int]) -> None:
        self.gmail.label(self._at(places), add=("STARRED",), remove=("UNREAD",))

    def unstar(self, places: list[int]) -> None:
        self.gmail.label(self._at(places), add=("UNREAD",), remove=("STARRED",))

    def mark(self, places: list[int]) -> None:
        self.gmail.label(self._at(places), add=(self._label(places[0]),))

    def throw_away(self, places: list[int]) -> None:
        self.gmail.trash(self._at(places))

    def bring_back(self, places: list[int]) -> None:
        self.gmail.label(self._at(places), add=("INBOX",), remove=("TRASH",))

    def vanish(self, places: list[int]) -> None:
        gone = self._at(places)[: max(len(self.gmail.ids()) - LEAST, 0)]
        self.gmail.delete(gone)

    def new_label(self, places: list[int]) -> None:
        label = self.gmail.control("create-label", email=self.gmail.email, name=f"Label {len(self._labels())}")["id"]
        self.gmail.label(self._at(places), add=(label,))

    def rename_label(self, place: int) -> None:
        self.gmail.control("rename-label", email=self.gmail.email, id=self._label(place), name=f"Renamed {place}")

    def delete_label(self, place: int) -> None:
        if len(self._labels()) > 1:
            silent = place % 2 == 1
            self.gmail.control("delete-label", email=self.gmail.email, id=self._label(place), silent=silent)

    def forget_history(self) -> None:
        self.gmail.expire_history()

    # What happens here.

    def click(self, what: str) -> None:
        account = self.weather.account
        if what in ("button", "full"):
            schedule.request_sync(account, trigger=Trigger.BUTTON, full=what == "full")
        else:
            scope = Scope(WINDOW, {"after": 0}) if what == "window" else Scope(BATCH)
            schedule.request_scope(account, scope, trigger=Trigger.API)

    def work(self, how: dict[str, Any]) -> None:
        """One slice of an active job by one worker; who comes after it begins when its lease is over."""
        job = self._job(raw=how["raw"])
        before = self.gmail.mailbox()["historyId"]
        self.gmail.faults(*(TROUBLE[name] for name in how["trouble"]))
        moments = self._moments(how, job.pk)
        try:
            ended = perform(lambda: self._slice(job.pk, how["limit"]), moments)
        finally:
            shutdown._asked.clear()
            self.gmail.faults()
        assert ended is None or isinstance(ended, Cut), ended
        self.weather.turn()
        self._note(job.pk, how, undisturbed=before == self.gmail.mailbox()["historyId"])

    def _job(self, *, raw: bool) -> SyncJob:
        """The one that brings raw bytes, if that is wanted and there is one; else the mailbox's, made where there is none."""
        account, active = self.weather.account, SyncJob.objects.active()
        if raw and (job := active.filter(resource=account.raw_resource).first()):
            return job
        found = active.filter(resource=account.resource).first()
        return found or schedule.request_sync(account, trigger=Trigger.BUTTON).job

    def _slice(self, job_id: int, limit: int | None) -> None:
        self.weather.turn(timedelta(0))
        runner.run(job_id, "a worker", limit=limit)

    def _moments(self, how: dict[str, Any], job_id: int) -> Moments:
        exchanges: dict[int, Callable[[], None]] = {
            number: lambda event=event: self.happen(event) for number, event in how["meanwhile"]
        }
        moments = Moments({}, exchanges)
        if how["end"] == "killed":
            moments.boundaries[how["at"]] = moments.cut
        elif how["end"] == "stopped":
            exchanges[how["at"] // 6] = shutdown.ask
        elif how["end"] == "usurped":
            exchanges[how["at"] // 6] = lambda: self._usurp(job_id)
        return moments

    def _usurp(self, job_id: int) -> None:
        """The worker falls silent until its lease is over; another does all the rest before it wakes up."""
        self.weather.later += LEASE * 3
        elsewhere(lambda: self._slice(job_id, None))

    def _note(self, job_id: int, how: dict[str, Any], *, undisturbed: bool) -> None:
        job = SyncJob.objects.get(pk=job_id)
        self.counts[f"{how['end']}: {job.state} {job.mode} {job.error_code}"] += 1
        if job.state == State.SUCCEEDED and job.mode in (FULL, RECONCILE) and undisturbed:
            assert set(held(self.weather.account)) | self.weather.owed() == set(truth(self.gmail))

    # What must be true.

    def what_is_claimed_is_true(self) -> None:
        account, there = self.weather.account, self.gmail.mailbox()["messages"]
        row = Checkpoint.objects.filter(account=account).first()
        if row is None or row.history_id is None:
            return
        here = dict(Message.objects.filter(account=account, deleted_at=None).values_list("gmail_id", "labels"))
        wanted = set(Listed.objects.filter(account=account, wanted=True).values_list("gmail_id", flat=True))
        passing = bool(row.position) and row.position["stage"] in ("large", "listing", "glimpse")
        promised = {each["id"] for each in there if self.arrived[each["id"]] <= row.history_id}
        if not passing:
            assert promised <= here.keys() | wanted | self.weather.owed(), "the checkpoint passed what is not here"
        self._certified_is_here(promised, set(here))
        if not row.position:
            self._labels_are_as_claimed(row.history_id, there, here)

    def _certified_is_here(self, promised: set[str], here: set[str]) -> None:
        proof = Certificate.objects.filter(account=self.weather.account).order_by("-id").first()
        if proof is not None and proof.missing_count == 0:
            certified = {id_ for id_ in promised if self.arrived[id_] <= proof.history_id}
            assert certified <= here, "certified, and not here"

    def _labels_are_as_claimed(self, cursor: int, there: list[dict[str, Any]], here: dict[str, list[str]]) -> None:
        labels = {label["id"] for label in self.gmail.mailbox()["labels"]}
        gone = here.keys() - {each["id"] for each in there}
        for each in there:
            if each["id"] in here and int(each["historyId"]) <= cursor:
                known = (
                    set(here[each["id"]]) & labels
                )  # what was deleted without a record is taken off at the end of a pass
                assert known == set(each["labelIds"]), "labels that the checkpoint passed"
        self.counts["gone and still here"] += bool(gone)

    def _at(self, places: list[int]) -> list[str]:
        ids = self.gmail.ids()
        return sorted({ids[place % len(ids)] for place in places})

    def _label(self, place: int) -> str:
        labels = self._labels()
        return labels[place % len(labels)]

    def _labels(self) -> list[str]:
        return sorted(label["id"] for label in self.gmail.mailbox()["labels"] if label["type"] == "user")
