"""Say in a page of ours that nothing is there, also with DEBUG, whose own page is for programmers."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from mailsync.api.errors import not_found


class OwnPage:
    """Middleware: what a view does not find."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer as it is."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Our page instead of Django's."""
        return not_found(request, exception) if isinstance(exception, Http404) else None


@csrf_exempt  # what is not there is 404 however it is asked for
def nowhere(request: HttpRequest) -> HttpResponse:
    """An address that leads to no view."""
    return not_found(request, Http404())
