"""Find the kind of job that settings name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from syncjobs.admission import Scope, Wider
from syncjobs.errors import NotRetryable
from syncjobs.models import SyncJob
from syncjobs.states import State


class UnknownKind(NotRetryable):
    """Settings name no such kind of job any more, or what they name is not there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The job that will do what was asked; whether it was created for it."""

    job: SyncJob
    created: bool


@dataclass(frozen=True)
class Kind:
    """What a kind of job brings along.

    `run` is handed a Context, does one pass, returns when it is complete. `wider` merges the scopes of two requests.
    `finished` is called inside every finishing transaction *before* the job's row is locked (lock order: resource, then job),
    with the final state and the error code. `restart` starts anew what a failed or cancelled job was for. `news` says what a
    job of this scope still owes to whoever asked when its pass had read the last of what it reads; None where that is nothing.
    `texts` renders codes of messages, `modes` names what a job may be asked for.
    """

    run: Callable[[Any], None]
    wider: Wider
    finished: Callable[[SyncJob, State, str], None]
    restart: Callable[[SyncJob, str], Answer]
    news: Callable[[Scope], Scope | None] = lambda _: None
    texts: Mapping[str, Any] = field(default_factory=dict)
    modes: Mapping[str, Any] = field(default_factory=dict)


@cache
def kind(name: str) -> Kind:
    """The kind called `name`; raises UnknownKind."""
    try:
        return import_string(settings.SYNC_KINDS[name])
    except (KeyError, ImportError) as error:
        raise UnknownKind(name) from error
