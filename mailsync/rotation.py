"""Encrypt anew, with the newest key, every secret that the database holds."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db import OperationalError, transaction
from django.db.models import Model, TextField, Value
from django.db.models.functions import Cast

from mailsync import audit
from mailsync.encryption import EncryptedTextField, Undecryptable, renewed

CHUNK = 100  # rows that are locked at once
TRIES, PAUSE = 5, 1.0  # seconds: a row may be held by a click or a refresh


@dataclass
class Rotation:
    """How many secrets of which table are under the newest key now; which are under no key that is known."""

    done: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All that were encrypted anew."""
        return sum(self.done.values())


def rotate(*, by: str) -> Rotation:
    """Begin to end; interrupted, it may simply be run again. Each row is locked while it is read and written.

    So a token that is refreshed meanwhile is either encrypted anew here, or written after with the newest key anyway.
    """
    rotation = Rotation()
    for model, name in encrypted():
        for chunk in _chunks(model):
            _patiently(model, name, chunk, rotation)
    audit.record("keys_rotated", by=by, secrets=rotation.total, unreadable=len(rotation.unreadable))
    return rotation


def encrypted() -> list[tuple[type[Model], str]]:
    """Every column that is kept encrypted, whichever model it belongs to."""
    return [
        (model, each.name)
        for model in apps.get_models()
        for each in model._meta.local_concrete_fields
        if isinstance(each, EncryptedTextField)
    ]


def _chunks(model: type[Model]) -> Iterator[list[int]]:
    last = 0
    while chunk := list(model._base_manager.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield chunk
        last = chunk[-1]


def _patiently(model: type[Model], name: str, chunk: list[int], rotation: Rotation) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            done, unreadable = _rotate(model, name, chunk)
        except OperationalError:  # somebody held a row for longer than a lock is waited for
            if attempt == TRIES:
                raise
            time.sleep(PAUSE)
            continue
        label = str(model._meta.verbose_name_plural)
        rotation.done[label] = rotation.done.get(label, 0) + done
        rotation.unreadable += unreadable
        return


def _rotate(model: type[Model], name: str, chunk: list[int]) -> tuple[int, list[str]]:
    """How many were encrypted anew, what could not be read."""
    done, unreadable = 0, []
    with transaction.atomic(durable=True):
        rows = model._base_manager.filter(pk__in=chunk).exclude(**{f"{name}__exact": ""}).order_by("pk")
        locked = rows.select_for_update(no_key=True).annotate(_raw=Cast(name, TextField()))
        for pk, raw in locked.values_list("pk", "_raw"):
            try:
                fresh = Value(renewed(raw), output_field=TextField())
            except Undecryptable:
                unreadable.append(f"{model._meta.verbose_name} {pk}")
                continue
            done += model._base_manager.filter(pk=pk).update(**{name: fresh})
    return done, unreadable
