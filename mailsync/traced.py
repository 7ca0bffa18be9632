"""Make a request the beginning of a trace; stands among the middleware only where somebody listens."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from syncjobs import traces

QUIET = ("/healthz", "/readyz", "/metrics", "/static/")  # asked every few seconds, or not ours
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Traced:
    """Outermost. Nothing of the address is told but the pattern it fits: the rest may be a search or a token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """What a caller says of a trace of its own is not believed: it could have everything sampled."""
        if request.path.startswith(QUIET):
            return self.get_response(request)
        method = request.method if request.method in METHODS else "_OTHER"
        with traces.span(method, role="server", http_method=method) as span:
            response = self.get_response(request)
            if request.resolver_match is not None:
                route = "/" + request.resolver_match.route.removesuffix("$").removesuffix("/?")
                span.rename(f"{method} {route}")
                span.note(http_route=route)
            span.note(http_status=response.status_code)
            if response.status_code >= 500:
                span.note(failed=str(response.status_code))
            return response
