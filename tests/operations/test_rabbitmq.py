"""RabbitMQ as the broker: what rings, what listens, what happens when it is killed."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from config.embedded.child import wait_until
from config.embedded.ports import accepts
from tests.flows.conftest import free_port
from tests.flows.product import Gmail, Product, eventually

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
TO_START = 180.0
LEASE = 6

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not PROGRAM.exists(), reason="RabbitMQ is not installed"),
]


class Rabbit:
    """A RabbitMQ with a directory, a node and ports of its own."""

    def __init__(self, directory: Path) -> None:
        self.port, names = free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_NODENAME": f"mailsync{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(directory / "logs"),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(directory / "environment"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none",
        }
        # Erlang would leave this one behind as a daemon.
        self._names = self._run(shutil.which("epmd") or "epmd", "-port", str(names))
        self.start()

    def start(self) -> None:
        self._server = self._run(str(PROGRAM))
        assert wait_until(lambda: accepts(self.port), self._server, timeout=TO_START)

    def kill(self) -> None:
        """All of it at once, as when a machine is lost."""
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait(timeout=10)

    def stop(self) -> None:
        self.kill()
        self._names.kill()
        self._names.wait(timeout=10)

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


@pytest.fixture
def rabbit(directory: Path) -> Iterator[Rabbit]:
    (directory / "rabbit").mkdir()
    started = Rabbit(directory / "rabbit")
    yield started
    started.stop()


def is_ready(product: Product) -> bool:
    return bool(requests.get(product.address + "/readyz", timeout=20).json()["ready"])


def mains(product: Product) -> set[int]:
    """Each worker's own process; its children are replaced now and then."""
    pids = {each.pid: each.ppid() for each in product.workers()}
    return {pid for pid, parent in pids.items() if parent not in pids}


def test_it_rings_listens_and_is_missed_by_nobody_when_it_is_killed(
    gmail: Gmail, directory: Path, rabbit: Rabbit
) -> None:
    product = Product(
        directory / "home",
        free_port(),
        CELERY_BROKER_URL=rabbit.url,
        GOOGLE_BASE_URL=gmail.address,
        GMAIL_USER_UNITS_PER_MINUTE="0",
        GMAIL_PROJECT_UNITS_PER_MINUTE="0",
        SYNC_LEASE=f"{LEASE}s",
    )
    try:
        eventually(lambda: is_ready(product), within=90)  # canaries come back by each queue, ticks by theirs
        first, second, third = (f"user{number}@example.com" for number in range(1, 4))
        accounts = [product.connect(email) for email in (first, second, third)]
        task_id = product.start(accounts[0]).json()["task_id"]
        assert product.finished(task_id, within=120)["state"] == "SUCCEEDED"

        # The watchdog's calls on each worker's own queue are heard: a deaf worker would have ended by now.
        started = mains(product)
        time.sleep(3 * LEASE)
        assert started == mains(product) and len(started) == 3

        # Two jobs are under way when it is killed; a third is started while it is away, and waits for it.
        tasks = [product.start(account).json()["task_id"] for account in accounts[1:2]]
        product.done(tasks[0], at_least=100)
        rabbit.kill()
        answer = product.start(accounts[2])
        assert answer.status_code == 202
        tasks.append(answer.json()["task_id"])
        assert product.finished(tasks[0], within=120)["state"] == "SUCCEEDED"  # who is at work needs no broker
        rabbit.start()
        assert product.finished(tasks[1], within=120)["state"] == "SUCCEEDED"
        eventually(lambda: is_ready(product), within=120)

        gmail.control("deliver", email=first, count=5)
        again = product.start(accounts[0]).json()["task_id"]
        assert product.finished(again, within=60)["state"] == "SUCCEEDED"
        for email in (first, second, third):
            assert "Equal." in product.manage("verify_account", email, "--all")
    finally:
        product.stop()
