"""Refuse a query that says one thing twice or that no database can hold."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from mailsync.api.errors import is_api, shape


class PlainQuery:
    """Middleware for /api/: a parameter comes once, without NUL; names that nobody knows are ignored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """400 `invalid` with the names that are wrong, before anything is done."""
        if is_api(request) and (errors := wrong(dict(request.GET.lists()))):
            field, sentences = next(iter(errors.items()))
            return JsonResponse(shape("invalid", f"{field}: {sentences[0]}", errors), status=400)
        return self.get_response(request)


def wrong(query: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is wrong with each parameter; empty when nothing is."""
    errors = {}
    for name, values in query.items():
        if len(values) > 1:
            errors[name] = ["This parameter may be given only once."]
        elif "\x00" in name + values[0]:
            errors[name.replace("\x00", "")] = ["A NUL character is no text."]
    return errors
