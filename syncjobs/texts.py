"""Render the codes of messages in the reader's language."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from syncjobs import registry

TEXTS = {
    "queued": _("Waiting for a worker"),
    "created": _("Created (%(mode)s, asked for by %(trigger)s)"),
    "starting": _("Starting"),
    "claimed": _("Taken up by %(worker)s (slice %(slice)s)"),
    "rescued": _("Taken over by %(worker)s: the worker before fell silent (slice %(slice)s)"),
    "next_slice": _("Making room for others"),
    "shutdown": _("The worker is being restarted; it goes on in a moment"),
    "widened": _("Widened to %(mode)s"),
    "further_pass_asked": _("A further pass was asked for (%(mode)s)"),
    "further_pass": _("Going on with the further pass (%(mode)s)"),
    "cancel_requested": _("Cancel asked for by %(by)s"),
    "cancelling": _("Stopping after the current page"),
    "cancelled": _("Cancelled"),
    "cancelled_by_force": _("Cancelled by force: its worker did not answer"),
    "done": _("Done"),
    "failed": _("Failed: %(reason)s"),
    "STALE": _("It had shown no sign of life for too long; a new job goes on from where it stopped"),
    "POISON": _("Three workers were lost at the same place; it is not tried a fourth time by itself"),
    "UNKNOWN_KIND": _("This installation no longer knows this kind of job"),
    "BUG": _("An unexpected error: %(exception)s. The details are in the admin"),
    "database_trouble": _("The database was not reachable; trying again"),
    "waiting_for_quota": _("Waiting %(seconds)s s for the quota"),
    "backing_off": _("Trying again in %(seconds)s s"),
}


def text(kind: str, code: str, params: dict[str, Any]) -> str:
    """The message of `code`; the bare code where nobody knows it or its parameters do not fit."""
    try:
        template = registry.kind(kind).texts.get(code) or TEXTS.get(code)
    except registry.UnknownKind:
        template = TEXTS.get(code)
    if template is None:
        return code.replace("_", " ")
    try:
        return str(template) % params
    except (KeyError, TypeError, ValueError):
        return str(template)
