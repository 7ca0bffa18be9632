"""Render the codes of messages in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from syncjobs import registry
from syncjobs.states import Trigger

TEXTS = {
    "queued": _("Waiting for a worker"),
    "created": _("Created (%(mode)s, asked for by %(trigger)s)"),
    "starting": _("Starting"),
    "claimed": _("Taken up by %(worker)s (slice %(slice)s)"),
    "rescued": _("Taken over by %(worker)s: the worker before fell silent (slice %(slice)s)"),
    "taken_over": _("Taken over from a worker that fell silent"),
    "rung_again": _("Nobody came, so the workers were called again"),
    "worker_lost": _("The worker fell silent; another one was called"),
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
    "failed": _("Failed: %(why)s"),
    "STALE": _("It had shown no sign of life for too long; a new job goes on from where it stopped"),
    "POISON": _("Three workers were lost at the same place; it is not tried a fourth time by itself"),
    "UNKNOWN_KIND": _("This installation no longer knows this kind of job"),
    "BUG": _("An unexpected error: %(exception)s. The details are in the admin"),
    "database_trouble": _("The database was not reachable"),
    "waiting_for_quota": _("Waiting %(seconds)s s for the quota"),
    "backing_off": _("Trying again in %(seconds)s s"),
}


def text(kind: str, code: str, params: dict[str, Any]) -> str:
    """The message of `code`; the bare code where nobody knows it or its parameters do not fit."""
    template = _template(kind, code)
    if template is None:
        return code.replace("_", " ")
    try:
        return str(template) % _worded(kind, params)
    except (KeyError, TypeError, ValueError):
        return str(template)


def _template(kind: str, code: str) -> Any:
    try:
        return registry.kind(kind).texts.get(code) or TEXTS.get(code)
    except registry.UnknownKind:
        return TEXTS.get(code)


def _worded(kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters that are codes themselves, in words."""
    words = dict(params)
    if params.get("trigger") in Trigger.values:
        words["trigger"] = Trigger(params["trigger"]).label
    if "mode" in params:
        words["mode"] = _modes(kind).get(params["mode"], params["mode"])
    if "why" in params:
        words["why"] = text(kind, params["why"], {name: value for name, value in params.items() if name != "why"})
    return words


def _modes(kind: str) -> Mapping[str, Any]:
    try:
        return registry.kind(kind).modes
    except registry.UnknownKind:
        return {}
