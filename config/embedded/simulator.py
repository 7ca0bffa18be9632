"""The Gmail simulator, for whoever has no Google client of their own."""

import signal
import subprocess
import sys

from config.embedded.child import spawn, stop, wait_until
from config.embedded.errors import CannotStart
from config.embedded.home import CHECKOUT, Home
from config.embedded.ports import LOOPBACK, accepts, free_port
from config.embedded.transcript import complaint, open_log

DEMO_ADDRESS = "demo@example.com"
DEMO_MESSAGES = 2000


class Simulator:
    """One server; start() may be called again after it died: its state file brings the same mailbox back."""

    name = "simulator"

    def __init__(self, home: Home) -> None:
        self.home = home
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Return when it answers; raises CannotStart."""
        command = [sys.executable, "-m", "gmail.simulator", "--host", LOOPBACK, "--port", str(self.port)]
        command += ["--messages", str(DEMO_MESSAGES), "--accounts", DEMO_ADDRESS, "--latency", "realistic"]
        command += ["--state", str(self.home.path / "simulator.json")]
        with open_log(self.home, self.name) as log:
            began_at = log.tell()
            self.process = spawn(command, output=log, death_signal=signal.SIGTERM, directory=CHECKOUT)
        if not wait_until(lambda: accepts(self.port), self.process, timeout=60):
            self.stop()
            raise CannotStart(f"The Gmail simulator did not start: {complaint(self.home, self.name, began_at)}")

    def stop(self) -> None:
        """It writes its state and ends; at most 1 s."""
        if self.process is not None:
            stop(self.process, signal.SIGTERM, patience=1)
