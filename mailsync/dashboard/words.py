"""Name what jobs, labels are called among people."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from mailsync.dashboard.figures import TEMPLATES
from mailsync.texts import MODES, PHASES
from syncjobs.states import ACTIVE, FINAL, Phase, State

SYSTEM_LABELS = {
    "INBOX": _("Inbox"),
    "STARRED": _("Starred"),
    "IMPORTANT": _("Important"),
    "SENT": _("Sent"),
    "DRAFT": _("Drafts"),
    "UNREAD": _("Unread"),
    "CHAT": _("Chats"),
    "SPAM": _("Spam"),
    "TRASH": _("Trash"),
    "CATEGORY_PERSONAL": _("Personal"),
    "CATEGORY_SOCIAL": _("Social"),
    "CATEGORY_PROMOTIONS": _("Promotions"),
    "CATEGORY_UPDATES": _("Updates"),
    "CATEGORY_FORUMS": _("Forums"),
}

# What the script says by itself; the rest of its words are the templates of numbers, the names of phases.
SPOKEN = {
    "started": _("Sync started: %(email)s"),
    "succeeded": _("Sync finished: %(email)s"),
    "failed": _("Sync failed: %(email)s"),
    "cancelled": _("Sync cancelled: %(email)s"),
    "fetched": _("%(n)s messages fetched."),
    "new": _("Messages at Gmail that are not here yet: %(n)s."),
    "nothing_new": _("Nothing new: everything that Gmail has is here."),
    "unreachable": _("The server does not answer. Trying again."),
    "refused": _("That did not work. Reload the page, then try again."),
}


def mode(name: str) -> str:
    """What a job of this mode does; an unknown one by its own name."""
    return str(MODES.get(name, name))


def phase(job: dict[str, Any]) -> str:
    """What a job does right now; how it ended, once it has."""
    if job["state"] in FINAL:
        return str(State(job["state"]).label)
    return str(phases().get(job["phase"], job["phase"].replace("_", " ")))


def saying(job: dict[str, Any]) -> str:
    """What a job says while it is on its way, where that tells more than its phase."""
    said = job["message"] if job["state"] in ACTIVE else ""
    return "" if said.lower() == phase(job).lower() else said


def phases() -> dict[str, str]:
    """The name of each phase that a mailbox's job can be in."""
    return {value: str(label) for value, label in [*Phase.choices, *PHASES.items()]}


WAITS = {
    "next_slice": Phase.NEXT_SLICE.label,
    "more_to_do": Phase.NEXT_SLICE.label,
    "shutdown": _("worker being restarted"),
    "worker_lost": _("worker lost"),
    "waiting_for_gmail_quota": Phase.WAITING_FOR_QUOTA.label,
    "waiting_for_quota": Phase.WAITING_FOR_QUOTA.label,
}


def step(name: str) -> str:
    """A step of a job's timeline: a phase, or why nobody worked on it."""
    return phases().get(name) or str(WAITS.get(name, Phase.BACKING_OFF.label))


def label_name(label_id: str, name: str = "") -> str:
    """A system label in the reader's language, a user's own by its name."""
    return str(SYSTEM_LABELS.get(label_id, name or label_id))


def script_texts() -> dict[str, Any]:
    """Every word that the page's script may need, in the reader's language."""
    return {
        **{code: str(text) for code, text in {**TEMPLATES, **SPOKEN}.items()},
        "phases": phases(),
        "states": {value: str(label) for value, label in State.choices},
    }
