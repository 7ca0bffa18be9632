"""Show the pages in the user's own language, in the user's own time."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

GetResponse = Callable[[HttpRequest], HttpResponse]


class PreferencesMiddleware:
    """By profile, else by browser (which LocaleMiddleware has done already)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate what the user chose for the time of this request."""
        chosen = getattr(request.user, "preferences", None)  # kept with the user, for the page to look at
        if chosen and chosen.language:
            translation.activate(chosen.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(zone(chosen.time_zone if chosen else "")):
            return self.get_response(request)


def zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone called so, else UTC."""
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
