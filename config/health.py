"""Say whether this process lives; whether the whole can work."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from mailsync import patience
from mailsync.metrics.door import metrics
from syncjobs import liveness


def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, Redis, a worker per queue and the beat all do their work; else 503 with the list of what does not."""
    checks = _database_checks()
    if checks["database"]:
        checks |= liveness.report()
    ok = all(checks.values())
    answer = JsonResponse({"ready": ok, "checks": checks}, status=200 if ok else 503)
    answer._has_been_logged = True  # type: ignore[attr-defined] # a probe asks every second: its answer is no error of ours
    return answer


def _database_checks() -> dict[str, bool]:
    if not patience.answers():  # a request would wait for the pool's ten seconds
        return {"database": False}
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return {"database": False}
    return {"database": True, "migrations": not pending}


class Probes:
    """Middleware, before sessions: who asks how things stand hears it, though a browser's cookie would need the database first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """By the view of its address."""
        if probe := _PROBES.get(request.path):
            request.get_host()  # nobody else looks at it before the view: a strange one is a 400 here as on every page
            return probe(request)
        return self.get_response(request)


_PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": alive,
    "/readyz": ready,
    "/metrics": metrics,
}
