"""Start everything in order, say where it answers, stop it in order."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from config.embedded import claim
from config.embedded.environment import fill
from config.embedded.errors import CannotStart
from config.embedded.home import CHECKOUT, Home, locate, prepare
from config.embedded.servers import Plan, given, plan
from config.supervisor import address as web
from config.supervisor import preflight, procfile
from config.supervisor.process import Process
from config.supervisor.supervise import Supervisor
from config.supervisor.terminal import Terminal

READY_WITHIN = 60.0  # seconds
MIGRATED_WITHIN = 600.0
CALM = {"CELERY_QUIET": "true"}  # no banners between the lines that matter
# All of it within 10 s: nobody rings, then nobody works, then nobody asks, then the servers (each at most 2 s) end.
WAVES = (({"beat", "control", "scheduled", "worker"}, 3.0), ({"web"}, 2.0), (None, 1.0))
SEED_DEMO = CHECKOUT / "mailsync" / "management" / "commands" / "seed_demo.py"


def main() -> int:
    """The exit status: 0 after a stop that was asked for, 1 when we cannot start."""
    try:
        home = prepare(locate(os.environ))
        address = web.read(os.environ)
        lock = preflight.take_claim(home)
        try:
            return _serve(home, address)
        finally:
            lock.release()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT  # before anything was started
    except CannotStart as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}." if error.filename else f"{error.strerror}."
    print(f"mailsync: {reason}", file=sys.stderr)
    return 1


def _serve(home: Home, address: web.Address) -> int:
    claim.withdraw(home)  # what a holder that was killed left behind
    web.ensure_free(address)
    made = plan(home, os.environ, simulator=True)
    fill(
        os.environ,
        {**made.environment, "HOST": address.host, "PORT": str(address.port), "PYTHONUNBUFFERED": "1", **CALM},
    )
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    preflight.check_settings()
    supervisor = Supervisor(Terminal(home, sys.stdout.fileno(), os.environ))
    _obey_signals(supervisor)
    try:
        if _start(supervisor, home, address, made):
            supervisor.run(lambda: False)
    finally:
        claim.withdraw(home)
        supervisor.stop(WAVES)
    return 0


def _start(supervisor: Supervisor, home: Home, address: web.Address, made: Plan) -> bool:
    """True when everything is up and said so; False when a signal came first."""
    for server in (one for one in made.servers if one.name != "simulator"):
        supervisor.start(server)
    preflight.check_redis()
    if not _management(supervisor, "migrate", "--no-input", "--verbosity", "0"):
        return False
    if not given(os.environ, "MAILSYNC_EMBEDDED") and not _management(supervisor, "collectstatic", "--no-input"):
        return False
    claim.publish(home, preflight.COMMAND, made.environment)
    for server in (one for one in made.servers if one.name == "simulator"):
        supervisor.start(server)
    demo = _has_demo(address)
    if demo and not _management(supervisor, "seed_demo"):
        return False
    for entry in procfile.parse((CHECKOUT / "Procfile").read_text(), os.environ):
        supervisor.start(Process(entry, os.environ, CHECKOUT))
    return _announce(supervisor, address, demo)


def _management(supervisor: Supervisor, *arguments: str) -> bool:
    """Run one of Django's commands; False when a signal came first, CannotStart when it failed."""
    entry = procfile.Entry(arguments[0], (sys.executable, "manage.py", *arguments))
    status, last = supervisor.run_to_end(Process(entry, os.environ, CHECKOUT), timeout=MIGRATED_WITHIN)
    if supervisor.stop_requested:
        return False
    if status != 0:
        raise CannotStart(f"manage.py {arguments[0]} failed: {last.removeprefix('mailsync: ')}")
    return True


def _has_demo(address: web.Address) -> bool:
    return given(os.environ, "MAILSYNC_EMBEDDED") and address.is_loopback and SEED_DEMO.exists()


def _announce(supervisor: Supervisor, address: web.Address, demo: bool) -> bool:
    if not supervisor.run(lambda: web.status(address, "/healthz") is not None, timeout=READY_WITHIN):
        if supervisor.stop_requested:
            return False
        raise CannotStart(f"The web process does not answer within {READY_WITHIN:.0f} s: see its lines above.")
    ready = supervisor.run(lambda: (web.status(address, "/readyz") or 503) < 400, timeout=READY_WITHIN)
    if supervisor.stop_requested:
        return False
    supervisor.run(lambda: False, timeout=0.5)  # what they still have to say; our line is to be the last
    if not ready:
        supervisor.terminal.say(f"mailsync is up, but not everything works yet: see {address.url}/readyz")
    public = os.environ.get("PUBLIC_URL") or address.url
    supervisor.terminal.say(f"mailsync is ready on {public}" + ("  login: demo / demo" if demo else ""))
    return True


def _obey_signals(supervisor: Supervisor) -> None:
    def request_stop(number: int, frame: FrameType | None) -> None:
        supervisor.stop_requested = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, request_stop)


if __name__ == "__main__":
    sys.exit(main())
