"""End sessions of staff that began without the second step, where it is demanded."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from mailsync import second_step

MARK = "second_step"  # in a session that had it


class Gate:
    """A middleware: whoever is sent away here signs in anew, and sets it up on the way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Looks at nobody unless the setting is on."""
        if settings.STAFF_SECOND_STEP and not _may_stay(request):
            logout(request)
        return self.get_response(request)


def _may_stay(request: HttpRequest) -> bool:
    user = request.user
    return not (isinstance(user, User) and second_step.is_demanded(user)) or bool(request.session.get(MARK))
