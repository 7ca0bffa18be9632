import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded import postgres
from config.embedded.errors import CannotStart
from config.embedded.home import CHECKOUT, Home, prepare
from config.embedded.ports import free_port
from config.supervisor import address, guardian, procfile
from config.supervisor.process import Process
from config.supervisor.procfile import Entry
from config.supervisor.restarts import Restarts
from config.supervisor.supervise import Supervisor
from config.supervisor.terminal import Terminal

FILLED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "TOKEN_ENCRYPTION_KEYS", "GOOGLE_BASE_URL", "MAILSYNC_EMBEDDED")
NAMES = {"web", "worker", "scheduled", "control", "beat"}


def eventually(question: Callable[[], object], *, within: float) -> None:
    deadline = time.monotonic() + within
    while not question():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


# --- Procfile ---------------------------------------------------------------------------------------------------------


def test_a_procfile_names_processes_and_fills_in_variables() -> None:
    text = "# what runs\n\nweb: serve --port $PORT --name 'a b'\nbeat: tick ${PORT}\n"
    assert procfile.parse(text, {"PORT": "80"}) == [
        Entry("web", ("serve", "--port", "80", "--name", "a b")),
        Entry("beat", ("tick", "80")),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("web serve", "not `name: command`"),
        ("web:", "not `name: command`"),
        ("web: serve $NOWHERE", "web needs the variable NOWHERE"),
        ("web: serve 'open", "web cannot be read: No closing quotation"),
    ],
)
def test_a_bad_procfile_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(CannotStart, match=sentence):
        procfile.parse(text, {})


def test_our_procfile_has_the_five_processes_of_the_compose_file() -> None:
    entries = procfile.parse((CHECKOUT / "Procfile").read_text(), {"HOST": "127.0.0.1", "PORT": "8000"})
    assert {entry.name for entry in entries} == NAMES
    compose = (CHECKOUT / "docker-compose.yml").read_text()
    for name in NAMES:
        assert f"\n  {name}:\n" in compose


# --- When the dead come back ------------------------------------------------------------------------------------------


def test_pauses_grow_from_one_second_to_ten() -> None:
    history, now, pauses = Restarts(), 0.0, []
    for _ in range(6):
        history.started(now)
        pauses.append(history.died(now))
        now += pauses[-1]
        assert history.is_due(now) and not history.is_due(now - 0.5)
    assert pauses == [1, 2, 4, 8, 10, 10]


def test_a_process_that_lived_well_is_forgiven() -> None:
    history = Restarts()
    history.started(0)
    history.died(1)
    history.started(2)
    assert history.died(40) == 1


def test_starts_that_fail_are_not_forgiven_for_the_life_before_them() -> None:
    history, pauses = Restarts(), []
    history.started(0)
    for now in (100, 102, 105, 110, 150):  # it died once, after a long life; then it could not start
        pauses.append(history.died(now))
    assert pauses == [1, 2, 4, 8, 10]


# --- Address ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80 80", "٣"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(CannotStart, match="PORT must be a number from 1 to 65535"):
        address.read({"PORT": port})


@pytest.mark.parametrize(
    ("host", "loopback", "url"),
    [
        ("", True, "http://127.0.0.1:8000"),
        ("localhost", True, "http://localhost:8000"),
        ("::1", True, "http://[::1]:8000"),
        ("0.0.0.0", False, "http://127.0.0.1:8000"),
        ("10.1.2.3", False, "http://10.1.2.3:8000"),
        ("mail.example.com", False, "http://mail.example.com:8000"),
    ],
)
def test_only_loopback_counts_as_loopback(host: str, loopback: bool, url: str) -> None:
    found = address.read({"HOST": host})
    assert (found.is_loopback, found.url) == (loopback, url)


def test_readiness_is_asked_by_a_name_that_django_answers_to() -> None:
    assert address.read({"ALLOWED_HOSTS": "*, .example.com,b"}).allowed_host == "example.com"
    assert address.read({"ALLOWED_HOSTS": "*"}).allowed_host == "127.0.0.1"


# --- Terminal ---------------------------------------------------------------------------------------------------------


def test_a_reader_that_has_stopped_reading_stops_nobody(tmp_path: Path) -> None:
    home = prepare(Home(tmp_path / "home"))
    read, write = os.pipe()
    terminal = Terminal(home, write, {})
    for number in range(3000):
        terminal.line("web", f"line {number} " + "x" * 80)
    os.close(write)
    with os.fdopen(read, "rb") as reader:
        shown = reader.read().splitlines()
    assert 100 < len(shown) < 3000
    assert shown[0].split(b" ", 1)[1].startswith(b"web       | line 0 x")
    assert len(home.log("web").read_text().splitlines()) == 3000


def test_colours_are_for_terminals_only(tmp_path: Path) -> None:
    home = prepare(Home(tmp_path / "home"))
    ours, theirs = os.openpty()
    for environ in ({}, {"NO_COLOR": "1"}):
        Terminal(home, theirs, environ).line("web", "hello")
    said = b""
    while said.count(b"\n") < 2:  # a terminal hands over what it has, maybe one line at a time
        said += os.read(ours, 4096)
    shown = said.splitlines()
    os.close(ours)
    os.close(theirs)
    assert b"\x1b[" in shown[0] and b"\x1b[" not in shown[1]


# --- Supervisor -------------------------------------------------------------------------------------------------------


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    home = prepare(Home(tmp_path / "home"))
    with (tmp_path / "terminal").open("wb") as terminal:
        made = Supervisor(Terminal(home, terminal.fileno(), {}))
        yield made
        made.stop([(None, 1.0)])


def shell(name: str, script: str) -> Process:
    return Process(Entry(name, ("sh", "-c", script)), os.environ, CHECKOUT)


def test_a_dead_process_comes_back_and_nothing_of_it_stays(supervisor: Supervisor) -> None:
    one = shell("web", "sleep 600 & wait")
    supervisor.start(one)
    assert one.process
    leader = psutil.Process(one.process.pid)
    eventually(leader.children, within=60)
    orphan = leader.children()[0]
    leader.kill()
    assert supervisor.run(lambda: bool(one.process and one.process.pid != leader.pid), timeout=60, every=0.1)
    assert not alive([orphan])


def test_the_last_words_of_a_process_are_shown(supervisor: Supervisor) -> None:
    job = shell("migrate", "echo first; echo 'no newline at the end' | tr -d '\\n'; exit 3")
    assert supervisor.run_to_end(job, timeout=60) == (3, "no newline at the end")
    assert "first" in supervisor.terminal.home.log("migrate").read_text()


def test_a_program_that_does_not_exist_is_named(supervisor: Supervisor) -> None:
    with pytest.raises(CannotStart, match=r"web cannot be started: .*missing: No such file or directory\."):
        supervisor.start(Process(Entry("web", ("/missing",)), os.environ, CHECKOUT))


def test_waves_stop_one_after_another_and_the_stubborn_are_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    log = tmp_path / "order"
    polite = "trap 'echo {0} >> {1}; exit' TERM; echo up; while :; do sleep 0.05; done"
    web = shell("web", polite.format("web", log))
    worker = shell("worker", polite.format("worker", log))
    stubborn = shell("stubborn", "trap '' TERM; echo up; while :; do sleep 0.05; done")
    for one in (web, worker, stubborn):
        supervisor.start(one)
        supervisor.run(lambda one=one: "up" in log_of(supervisor, one), timeout=60, every=0.05)  # type: ignore[misc]
    supervisor.stop([({"worker"}, 3.0), (None, 0.5)])
    assert log.read_text().split() == ["worker", "web"]
    assert stubborn.process and stubborn.process.returncode == -signal.SIGKILL


def log_of(supervisor: Supervisor, one: Process) -> str:
    path = supervisor.terminal.home.log(one.name)
    return path.read_text() if path.exists() else ""


def test_the_guardian_ends_polite_and_stubborn_groups_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guardian, "GRACE", 0.5)
    scripts = ["sleep 600 & wait", "trap '' INT TERM; echo up; while :; do sleep 0.05; done"]
    leaders = [subprocess.Popen(["sh", "-c", script], start_new_session=True) for script in scripts]
    guardian.end([(leader.pid, signal.SIGINT) for leader in leaders])
    assert all(leader.wait(5) != 0 for leader in leaders)


KILLED = """
import os, sys
from pathlib import Path
from config.embedded.home import Home, prepare
from config.supervisor.process import Process
from config.supervisor.procfile import Entry
from config.supervisor.supervise import Supervisor
from config.supervisor.terminal import Terminal
supervisor = Supervisor(Terminal(prepare(Home(Path(sys.argv[1]))), 1, {}))
script = "trap '' INT QUIT TERM; sleep 600 & echo up; while :; do sleep 0.05; done"
supervisor.start(Process(Entry("stubborn", ("sh", "-c", script)), os.environ, Path("/")))
supervisor.run(lambda: False, timeout=60)
"""


def test_a_supervisor_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "home")]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"up" in process.stdout.readline()
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 3  # the guardian, the shell, what the shell started
    process.kill()
    process.communicate(timeout=60)
    eventually(lambda: not alive(children), within=60)


# --- The whole --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Whole"]:
    made = Whole(tmp_path_factory.mktemp("whole"))
    yield made
    made.process.kill()
    made.process.wait(10)
    postgres.remove(Home(made.home))


class Whole:
    """All of it, in a home of its own, without a simulator."""

    def __init__(self, directory: Path) -> None:
        self.home, self.port, self.output = directory / "home", free_port(), directory / "output"
        clean = {name: value for name, value in os.environ.items() if name not in FILLED}
        self.environ = {
            **clean,
            "MAILSYNC_HOME": str(self.home),
            "PORT": str(self.port),
            "GOOGLE_BASE_URL": "http://127.0.0.1:9",
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.supervisor"],
                cwd=CHECKOUT,
                env=self.environ,
                stdout=output,
                stderr=output,
            )
        eventually(lambda: "is ready on" in self.shown() or self.process.poll() is not None, within=150)

    def shown(self) -> str:
        return self.output.read_text(errors="replace")

    def running(self) -> list[psutil.Process]:
        return alive(psutil.Process(self.process.pid).children(recursive=True))

    def another(self, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "config.supervisor"],
            cwd=CHECKOUT,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
        )


def test_the_address_is_said_last(whole: Whole) -> None:
    assert f"mailsync is ready on http://127.0.0.1:{whole.port}" in whole.shown().splitlines()[-1]
    with urllib.request.urlopen(f"http://127.0.0.1:{whole.port}/readyz", timeout=60) as answer:
        assert answer.status == 200


def test_a_second_start_in_the_same_home_is_refused_in_one_sentence(whole: Whole) -> None:
    outcome = whole.another(PORT=str(free_port()))
    assert outcome.returncode == 1
    assert outcome.stderr.startswith(f"mailsync: {whole.home} is in use by script/server (process {whole.process.pid})")
    assert outcome.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_named_in_one_sentence(whole: Whole, tmp_path: Path) -> None:
    outcome = whole.another(MAILSYNC_HOME=str(tmp_path / "other"))
    assert outcome.returncode == 1
    assert outcome.stderr.startswith(f"mailsync: Cannot listen on 127.0.0.1 port {whole.port}: Address already in use")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SYNC_LEASE", "soon", "SYNC_LEASE must be"),
        ("DEBUG", "maybe", "DEBUG must be true or false"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL must be a URL"),
        ("DATABASE_URL", "postgres://user@host:99999/name", "DATABASE_URL must be a URL"),
        ("GMAIL_UNIT_COSTS", "2027", "GMAIL_UNIT_COSTS must be"),
        ("CELERY_BROKER_URL", "nonsense", "CELERY_BROKER_URL must be a URL"),
        ("TOKEN_ENCRYPTION_KEYS", "nonsense", "TOKEN_ENCRYPTION_KEYS must be Fernet keys"),
        ("HOST", "nowhere.invalid", "HOST 'nowhere.invalid' is not an address"),
    ],
)
def test_nonsense_in_the_environment_is_one_sentence(
    whole: "Whole", tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    outcome = whole.another(MAILSYNC_HOME=str(tmp_path / "other"), PORT=str(free_port()), **{name: value})
    assert outcome.returncode == 1
    assert outcome.stderr.startswith(f"mailsync: {sentence}") and outcome.stderr.count("\n") == 1


def is_beat(process: psutil.Process) -> bool:
    """Whether it is the clock; a process that ended since it was listed is not."""
    try:
        return "beat" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def test_one_process_is_killed_by_itself_and_comes_back(whole: Whole) -> None:
    beat = next(one for one in whole.running() if is_beat(one))
    beat.kill()

    def again() -> bool:
        return any(is_beat(one) for one in whole.running() if one.pid != beat.pid)

    eventually(again, within=60)
    assert again()


def test_manage_py_uses_the_servers_that_run(whole: Whole) -> None:
    code = "from django.conf import settings; print(settings.DATABASES['default']['PORT'])"
    environ = {name: value for name, value in whole.environ.items() if name != "PORT"}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    outcome = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, timeout=60)
    with socket.create_connection(("127.0.0.1", int(outcome.stdout)), timeout=60):
        assert outcome.returncode == 0


def test_sigterm_stops_all_of_it_within_ten_seconds(whole: Whole) -> None:
    processes = whole.running()
    assert len(processes) >= 8
    whole.process.send_signal(signal.SIGTERM)
    assert whole.process.wait(10) == 0
    assert alive(processes) == []
