"""Say in one sentence how a mailbox stands: pure, the facts are handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailsync.dashboard.figures import count, time_tag
from mailsync.models import Account
from syncjobs.states import ACTIVE, State


class Tone(StrEnum):
    """How a sentence is meant; also its CSS class."""

    GOOD = "good"
    BUSY = "busy"
    QUIET = "quiet"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What to say (HTML-safe), in which tone."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence needs to know of a mailbox."""

    connected: bool
    paused: bool
    held: int
    owed: int
    complete_as_of: datetime | None
    job_state: str | None = None
    error: str = ""
    disconnected: bool = False
    ahead: int = 0
    ends_soon: bool = False

    @classmethod
    def of(
        cls,
        account: Account,
        *,
        held: int,
        owed: int,
        job: dict[str, Any] | None,
        ahead: int = 0,
        ends_soon: bool = False,
    ) -> Facts:
        """The facts of an account, with the newest job's JSON, and how many jobs wait before it."""
        error = job["error"]["message"] if job and job["error"] else ""
        return cls(
            account.state == Account.State.OK,
            account.paused_at is not None,
            held,
            owed,
            account.complete_as_of,
            job["state"] if job else None,
            error,
            account.state == Account.State.DISCONNECTED,
            ahead,
            ends_soon,
        )

    @property
    def busy(self) -> bool:
        """Whether a job is on its way."""
        return self.job_state in ACTIVE

    @property
    def needs_somebody(self) -> bool:
        """Whether a person has to do something about it."""
        return not self.connected or self.ends_soon or (self.job_state == State.FAILED and not self.busy)

    @property
    def safe(self) -> bool:
        """Whether nothing was missing when it was last proven."""
        return self.complete_as_of is not None and not self.owed


def state(facts: Facts) -> Sentence:
    """What a person must know first comes first: what only they can mend, then what is happening, then the proof."""
    if facts.disconnected:
        return Sentence(Tone.QUIET, _disconnected(facts))
    if not facts.connected:
        return Sentence(Tone.BAD, _("Google no longer lets us in: connect this mailbox again."))
    if facts.busy:
        return _busy(facts)
    if facts.paused:
        return Sentence(Tone.QUIET, _with_proof(_("Paused."), facts))
    if facts.job_state == State.FAILED:
        return Sentence(Tone.BAD, _with_proof(_("The last sync failed."), facts))
    return _at_rest(facts)


def summary(mailboxes: Sequence[Facts]) -> Sentence:
    """The answer to "is my mail safe?" over all mailboxes that are connected."""
    if not mailboxes:
        return Sentence(Tone.QUIET, _("No mailbox is connected yet."))
    mailboxes = [each for each in mailboxes if not each.disconnected]
    if not mailboxes:
        return Sentence(Tone.QUIET, _("No mailbox is connected any more."))
    troubled = sum(each.needs_somebody for each in mailboxes)
    if troubled:
        return Sentence(
            Tone.BAD, ngettext("One mailbox needs you.", "%(n)s mailboxes need you.", troubled) % {"n": troubled}
        )
    if all(each.safe for each in mailboxes):
        return Sentence(Tone.GOOD, _("Your mail is safe: nothing is missing."))
    if any(each.busy for each in mailboxes):
        return Sentence(Tone.BUSY, _("Your mail is being mirrored."))
    return Sentence(Tone.QUIET, _("Your mail is not complete here yet."))


def _busy(facts: Facts) -> Sentence:
    doing = waiting(facts.ahead) if facts.job_state == State.CREATED else _("Syncing now.")
    return Sentence(Tone.BUSY, _with_proof(doing, facts))


def waiting(ahead: int) -> str:
    """What a job waits for that has not begun, with `ahead` jobs before it."""
    if not ahead:
        return _("Waiting for a worker.")
    said = ngettext("Waiting for a worker: one job ahead.", "Waiting for a worker: %(n)s jobs ahead.", ahead)
    return said % {"n": count(ahead)}


def _at_rest(facts: Facts) -> Sentence:
    if facts.complete_as_of is not None:
        return Sentence(Tone.QUIET if facts.owed else Tone.GOOD, proof(facts))
    if facts.held:
        return Sentence(Tone.QUIET, _("Not complete yet: %(held)s messages so far.") % {"held": count(facts.held)})
    return Sentence(Tone.QUIET, _("Never synced: press Sync to begin."))


def _disconnected(facts: Facts) -> str:
    return ngettext(
        "Disconnected: the %(held)s message mirrored before stays here.",
        "Disconnected: the %(held)s messages mirrored before stay here.",
        facts.held,
    ) % {"held": count(facts.held)}


def _with_proof(opening: str, facts: Facts) -> str:
    return format_html("{} {}", opening, proof(facts)) if facts.complete_as_of else opening


def proof(facts: Facts) -> str:
    """What is mirrored of what Gmail has, as of when. The facts must hold such a time."""
    assert facts.complete_as_of is not None
    values = {
        "time": time_tag(facts.complete_as_of),
        "held": count(facts.held),
        "total": count(facts.held + facts.owed),
    }
    if facts.owed:
        return format_html(_("As of {time}: {held} of {total}, the rest could not be read yet."), **values)
    return format_html(_("Complete as of {time}: {held} of {total}."), **values)
