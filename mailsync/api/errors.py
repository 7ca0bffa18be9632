"""Every error of the API in its one shape."""

import logging
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from mailsync.api.codes import of_status

log = logging.getLogger(__name__)

BUSY = "The database is busy or away; try again in a moment."
KEPT_HEADERS = ("Allow", "Content-Range", "Retry-After", "WWW-Authenticate")


class OneShape:
    """Outermost middleware: what Django answers by itself is HTML for people, with DEBUG even its own 404 and 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The same status as JSON, when a program asked."""
        response = self.get_response(request)
        if response.status_code < 400 or not is_api(request):
            return response
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        return _plain(response)


class ApiError(exceptions.APIException):
    """An error with its own status and code."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message, code)
        self.status_code = status
        self.wait = retry_after


def shape(code: str, message: str, errors: dict[str, Any] | None = None) -> dict[str, Any]:
    """`{"success": false, "code", "message"}`, with `errors` only where a field is wrong."""
    body: dict[str, Any] = {"success": False, "code": code, "message": message}
    return body | {"errors": errors} if errors else body


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """What DRF answers to an exception; None lets a bug become a 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = ApiError(413, "too_large", "This request is too large.")
    elif isinstance(error, OperationalError | InterfaceError):
        log.error("the database did not answer in time: %s", error)
        error = ApiError(503, "database_busy", BUSY, retry_after=5)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers = {}
    if (challenge := getattr(error, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    return Response(_body(error), status=error.status_code, headers=headers)


def _body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError) and isinstance(error.detail, dict):
        errors = {str(field): _sentences(problem) for field, problem in error.detail.items()}
        field, sentences = next(iter(errors.items()))
        return shape("invalid", f"{field}: {sentences[0]}", errors)
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "invalid"
    detail = error.detail if isinstance(error.detail, str) else _sentences(error.detail)[0]
    return shape(code, str(detail))


def _sentences(problem: Any) -> list[str]:
    return [str(each) for each in problem] if isinstance(problem, list) else [str(problem)]


def is_api(request: HttpRequest) -> bool:
    """Whether a program asked."""
    return request.path.startswith("/api/") or request.path == "/api"


def _plain(response: HttpResponse) -> HttpResponse:
    status = HTTPStatus(response.status_code)
    texts = {404: _("There is nothing here."), 500: _("An error on our side; it has been logged.")}
    message = texts.get(status, _("This request cannot be understood."))
    kept = {name: response[name] for name in KEPT_HEADERS if name in response}
    return JsonResponse(shape(of_status(status), message), status=status, headers=kept)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for programs as JSON, for people as a page."""
    if is_api(request):
        return JsonResponse(shape("not_found", _("There is nothing here.")), status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 for programs as JSON, for people as a page; 503 where it is the database that did not answer."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    if is_api(request):
        code, message = (
            ("database_busy", BUSY) if away else ("server_error", _("An error on our side; it has been logged."))
        )
        answer: HttpResponse = JsonResponse(shape(code, message), status=503 if away else 500)
    else:
        answer = defaults.server_error(request, "503.html" if away else "500.html")
        answer.status_code = 503 if away else 500
    if away:
        answer["Retry-After"] = "5"
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for programs as JSON, for people as a page."""
    if is_api(request):
        return JsonResponse(shape("bad_request", _("This request cannot be understood.")), status=400)
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 for programs as JSON, for people as a page."""
    if is_api(request):
        return JsonResponse(shape("permission_denied", _("You may not do that.")), status=403)
    return defaults.permission_denied(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for programs as JSON, for people as a page."""
    if is_api(request):
        return JsonResponse(shape("csrf_failed", _("The CSRF token is missing or wrong.")), status=403)
    return render(request, "403_csrf.html", status=403)
