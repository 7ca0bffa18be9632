"""A kind of job without mail: its run is whatever a test puts on the stage."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction

from syncjobs import lifecycle
from syncjobs.admission import Scope
from syncjobs.context import Context
from syncjobs.lifecycle import Answer, Asked
from syncjobs.models import SyncJob
from syncjobs.registry import Kind
from syncjobs.states import State, Trigger

RANK = {"small": 0, "medium": 1, "large": 2}


def wider(active: Scope, asked: Scope) -> Scope:
    return asked if RANK[asked.mode] > RANK[active.mode] else active


@dataclass
class Stage:
    """What the next runs do, one after the other, the last one for ever; what was told when jobs finished."""

    runs: list[Callable[[Context], None]] = field(default_factory=list)
    finished: list[tuple[str, State, str]] = field(default_factory=list)
    played: list[str] = field(default_factory=list)

    def play(self, context: Context) -> None:
        self.played.append(context.job.mode)
        run = self.runs.pop(0) if len(self.runs) > 1 else (self.runs[0] if self.runs else lambda context: None)
        run(context)

    def tell(self, job: SyncJob, state: State, code: str) -> None:
        self.finished.append((job.task_id, state, code))


STAGE = Stage()


def request(owner: User, mode: str = "small", *, resource: str = "thing:1", **changes: object) -> Answer:
    """Ask for a job as a product does: under the lock of the row that stands for the resource."""
    with transaction.atomic(durable=True):
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        values = {"trigger": Trigger.BUTTON, "facts": {"account": 7, "email": "a@example.com"}} | changes
        return lifecycle.request(Asked("play", owner.pk, resource, "A thing", Scope(mode), **values))  # type: ignore[arg-type]


def restart(job: SyncJob, trigger: str) -> Answer:
    return request(job.owner, job.mode, resource=job.resource, trigger=Trigger(trigger))


PLAY = Kind(
    run=lambda context: STAGE.play(context),
    wider=wider,
    finished=lambda job, state, code: STAGE.tell(job, state, code),
    restart=restart,
    texts={"curtain": "The curtain falls on %(actor)s"},
)
