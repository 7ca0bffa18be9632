"""The environment that Django is started in: filled in where the operator left it empty."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, MutableMapping
from types import FrameType

from config.embedded import claim
from config.embedded.errors import CannotStart
from config.embedded.home import Home, locate, prepare
from config.embedded.servers import Plan, Server, given, is_production, plan

START_PATIENCE = 60.0  # seconds that another process may take to start the servers of this home


@contextlib.contextmanager
def embedded(command: str, *, simulator: bool) -> Iterator[None]:
    """Fill os.environ: from the servers that run in this home, else from servers that run as long as the block does.

    Raises CannotStart. `command` says to others who holds the servers. Enter it before Django reads its settings.
    """
    home = locate(os.environ)
    if _complete(os.environ, home):
        yield
        return
    prepare(home)
    clients, mine = claim.Lock(home, claim.CLIENTS), claim.Lock(home, claim.CLAIM)
    clients.take(shared=True, timeout=START_PATIENCE)
    try:
        if mine.take():
            with _served(home, command, simulator):
                yield
                _wait_for_others(clients)
        else:
            fill(os.environ, _others(home).environment)
            yield
    finally:
        mine.release()
        clients.release()


def fill(environ: MutableMapping[str, str], values: dict[str, str]) -> None:
    """Set what nobody has set; an X_FILE counts as X."""
    for name, value in values.items():
        if not given(environ, name):
            environ[name] = value


def start_all(servers: list[Server]) -> None:
    """Start in order; when one cannot, stop those before it. Raises CannotStart."""
    started: list[Server] = []
    try:
        for server in servers:
            started.append(server)
            server.start()
    except BaseException:
        stop_all(started)
        raise


def stop_all(servers: list[Server]) -> None:
    """Stop in reverse order."""
    for server in reversed(servers):
        server.stop()


@contextlib.contextmanager
def _served(home: Home, command: str, simulator: bool) -> Iterator[None]:
    claim.withdraw(home)  # what a holder that was killed left behind
    made: Plan = plan(home, os.environ, simulator=simulator)
    _end_cleanly_on_sigterm()
    start_all(made.servers)
    try:
        claim.publish(home, command, made.environment)
        fill(os.environ, made.environment)
        yield
    finally:
        claim.withdraw(home)
        stop_all(made.servers)


def _others(home: Home) -> claim.Running:
    """The servers that another process holds; waits while it is still starting."""
    lock = claim.Lock(home, claim.CLAIM)
    try:
        for _ in range(int(START_PATIENCE * 20)):
            if running := claim.published(home):
                return running
            if lock.take(timeout=0.05):
                break
    finally:
        lock.release()
    raise CannotStart(f"The servers of {home.path} are starting or stopping in another process: try again.")


def _wait_for_others(clients: claim.Lock) -> None:
    """Other commands use our servers: they must not lose them in the middle of their work."""
    if clients.take():
        return
    print("Waiting for other commands that use the same database ...", file=sys.stderr)
    while not clients.take(timeout=60):
        pass


def _complete(environ: MutableMapping[str, str], home: Home) -> bool:
    """Whether nothing is missing that we could fill in: a production environment, or a child of script/server."""
    servers = given(environ, "DATABASE_URL") and given(environ, "REDIS_URL")
    return servers and (is_production(environ) or not claim.is_held(home))


def _end_cleanly_on_sigterm() -> None:
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
