"""Start a job for a form, say in a notice what came of it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from mailsync import emptied, schedule
from syncjobs.lifecycle import Answer


def start(request: HttpRequest, service: Callable[[], Answer]) -> HttpResponse:
    """Back to the page of the form, with a notice: started, adopted, or why not."""
    try:
        answer = service()
    except schedule.Paused:
        messages.warning(request, _("This mailbox is paused: resume it first."))
    except schedule.Disconnected:
        messages.warning(request, _("This mailbox is disconnected: connect it again first."))
    except schedule.ReconnectNeeded:
        messages.error(request, _("Google no longer lets us in: connect this mailbox again."))
    except emptied.NothingToConfirm:
        messages.warning(request, _("The last sync missed no mail: there is nothing to confirm."))
    else:
        messages.success(request, _("Sync started.") if answer.created else _("A sync is on its way already."))
    return back(request)


def back(request: HttpRequest) -> HttpResponse:
    """To the page that the form stood on."""
    target = request.POST.get("next", "")
    return redirect(target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else "home")
