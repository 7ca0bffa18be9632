"""Keep processes running, and stop them in order."""

import selectors
import signal
import time
from collections.abc import Callable, Sequence

from config.embedded.errors import CannotStart
from config.embedded.servers import Server
from config.embedded.transcript import bound
from config.supervisor.guard import Guard
from config.supervisor.process import Process
from config.supervisor.restarts import Restarts
from config.supervisor.terminal import Terminal

TICK = 0.2  # seconds


class Supervisor:
    """Servers and processes in the order of their start; `stop_requested` is set by a signal."""

    def __init__(self, terminal: Terminal) -> None:
        self.stop_requested = False
        self.terminal = terminal
        self._watched: list[tuple[Server | Process, Restarts]] = []
        self._guard = Guard()

    def start(self, one: Server | Process) -> None:
        """Start it and watch it from now on; raises CannotStart."""
        history = Restarts()
        self._watched.append((one, history))
        one.start()
        history.started(time.monotonic())
        self._tell_guard()

    def run(self, until: Callable[[], bool], *, timeout: float = float("inf"), every: float = 1.0) -> bool:
        """Pass on output, restart the dead; True once `until()`, False when the time is up or a stop is requested.

        It is asked `every` so many seconds: each question to the web process is a line in its log.
        """
        deadline, ask_at = time.monotonic() + timeout, time.monotonic()
        while not self.stop_requested and time.monotonic() < deadline:
            self._pass_on_output(TICK)
            self._restart_the_dead()
            if (now := time.monotonic()) >= ask_at:
                if until():
                    return True
                ask_at = now + every
        return False

    def run_to_end(self, job: Process, *, timeout: float) -> tuple[int | None, str]:
        """Run a process that ends by itself: its exit status (None: it had to be killed) and its last line."""
        job.start()
        self._tell_guard(job)
        last, deadline = "", time.monotonic() + timeout
        while job.process and job.process.poll() is None and not self.stop_requested and time.monotonic() < deadline:
            last = self._show(job) or last
            time.sleep(0.02)
        status = job.process.poll() if job.process else None
        while job.descriptor is not None and status is not None:
            last = self._show(job) or last
        job.clear()
        return status, last

    def stop(self, waves: Sequence[tuple[set[str] | None, float]]) -> None:
        """Stop wave after wave: names (None: all that are left) and the seconds they get, each in reverse order."""
        for names, patience in waves:
            wave = [one for one, _ in reversed(self._watched) if names is None or one.name in names]
            self._watched = [(one, history) for one, history in self._watched if one not in wave]
            self._stop_processes([one for one in wave if isinstance(one, Process)], patience)
            for one in wave:
                if not isinstance(one, Process):
                    one.stop()
            self._tell_guard()
        self._guard.dismiss()

    def _stop_processes(self, wave: list[Process], patience: float) -> None:
        for one in wave:
            one.terminate()
        deadline = time.monotonic() + patience
        while any(one.process and one.process.poll() is None for one in wave) and time.monotonic() < deadline:
            for one in wave:
                self._show(one)
            time.sleep(0.02)
        for one in wave:
            self._show(one)
            one.clear()

    def _pass_on_output(self, timeout: float) -> None:
        for one, _ in self._watched:
            if not isinstance(one, Process):
                bound(self.terminal.home.log(one.name))
        with selectors.DefaultSelector() as selector:
            for one, _ in self._watched:
                if isinstance(one, Process) and (descriptor := one.descriptor) is not None:
                    selector.register(descriptor, selectors.EVENT_READ, one)
            for key, _ in selector.select(timeout):
                self._show(key.data)

    def _show(self, one: Process) -> str:
        lines = one.lines()
        for line in lines:
            self.terminal.line(one.name, line)
        return lines[-1] if lines else ""

    def _restart_the_dead(self) -> None:
        now = time.monotonic()
        for one, history in self._watched:
            if history.again_at is None and one.process is not None and one.process.poll() is not None:
                pause = history.died(now)
                self.terminal.line(one.name, f"{_cause(one.process.returncode)}; starts again in {pause:.0f} s")
            elif history.is_due(now):
                self._restart(one, history)

    def _restart(self, one: Server | Process, history: Restarts) -> None:
        try:
            one.start()
            history.started(time.monotonic())
            self._tell_guard()
        except CannotStart as error:
            pause = history.died(time.monotonic())
            self.terminal.line(one.name, f"{error} Next attempt in {pause:.0f} s")

    def _tell_guard(self, *jobs: Process) -> None:
        alive = [one.process.pid for one in (*(one for one, _ in self._watched), *jobs) if one.process]
        # SIGINT closes Postgres at once and properly; for the others it is as good as any: nobody waits for their work.
        self._guard.tell([(pid, signal.SIGINT) for pid in alive])


def _cause(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"ended with status {status}"
