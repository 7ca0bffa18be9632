"""Say what happened in the reader's language."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailsync.models import Event, Notice
from mailsync.notices.outbox import TEST
from syncjobs import texts


def subject(notices: list[Notice]) -> str:
    """One line for one notice or for many."""
    if len(notices) == 1:
        return f"mailsync: {headline(notices[0])}"
    n = len(notices)
    return "mailsync: " + ngettext("%(n)s notification", "%(n)s notifications", n) % {"n": n}


def headline(notice: Notice) -> str:
    """What happened, in a sentence without its end."""
    email = notice.facts.get("email", "")
    sentences = {
        Event.FAILED: _("The sync of %(email)s failed"),
        Event.RECONNECT: _("%(email)s needs to be reconnected"),
        Event.RECOVERED: _("%(email)s works again"),
        Event.PUSH_LAPSED: _("Gmail no longer announces new mail of %(email)s"),
        TEST: _("This is a test"),
    }
    return sentences.get(notice.event, notice.event) % {"email": email}


def sentence(notice: Notice) -> str:
    """Why, or what follows from it."""
    facts = notice.facts
    if facts.get("code"):
        return f"{texts.text(facts['kind'], facts['code'], facts.get('params', {}))}."
    sentences = {
        Event.RECOVERED: _("The last sync succeeded; nothing is to be done."),
        Event.PUSH_LAPSED: _("Until it does again, new mail comes with the syncs by the clock."),
        TEST: _("If you can read this, notifications reach you."),
    }
    return sentences.get(notice.event, "")


def link(notice: Notice) -> str:
    """The page that tells more."""
    path = reverse("account", args=[notice.account_id]) if notice.account_id else reverse("settings")
    return settings.PUBLIC_URL + path
