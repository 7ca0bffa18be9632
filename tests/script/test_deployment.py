import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config import pulse
from config.celery import app
from config.embedded.home import CHECKOUT

COMPOSE = Path(sys.executable).parent / "docker-compose"


@pytest.mark.parametrize("profile", [[], ["--profile", "simulator"]])
def test_the_compose_file_is_valid(profile: list[str]) -> None:
    command = [COMPOSE, *profile, "config", "--services"]
    outcome = subprocess.run(command, cwd=CHECKOUT, env=os.environ, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    always = {"postgres", "redis", "migrate", "web", "worker", "scheduled", "control", "beat"}
    assert set(outcome.stdout.split()) == always | ({"simulator"} if profile else set())


def composed(*files: str) -> dict[str, Any]:
    """The whole as docker compose understands it."""
    named = [option for file in files for option in ("-f", file)]
    command = [COMPOSE, *named, "--profile", "simulator", "config", "--format", "json"]
    outcome = subprocess.run(command, cwd=CHECKOUT, env=os.environ, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


def test_every_container_has_its_bounds_and_no_rights_that_it_does_not_need() -> None:
    for name, service in composed("docker-compose.yml")["services"].items():
        limits = service["deploy"]["resources"]["limits"]
        assert int(limits["memory"]) > 0 and float(limits["cpus"]) > 0 and limits["pids"] > 0, name
        assert "no-new-privileges:true" in service["security_opt"], name
        if "build" in service and name != "simulator":
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        if name not in {"migrate", "simulator"}:
            assert service["healthcheck"]["test"], name
    assert "USER mailsync" in (CHECKOUT / "Dockerfile").read_text()


def test_what_may_not_be_written_at_a_start_was_compiled_before() -> None:
    """Otherwise each process compiles two thousand modules whenever it starts: seconds of a deploy."""
    image = (CHECKOUT / "Dockerfile").read_text()
    assert "--compile-bytecode" in image and "compileall" in image
    assert "compileall" in (CHECKOUT / "deploy/systemd/mailsync-migrate.service").read_text()


AGREED = (
    "import sys; sys.path.insert(0, 'script'); import setup; setup._agree = print; setup.main('the list', sys.argv[1:])"
)


def test_python_keeps_what_it_compiled_whatever_the_shell_says() -> None:
    command = [sys.executable, "-c", AGREED, sys.executable, "-c", "import sys; print(sys.dont_write_bytecode)"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    outcome = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60)
    assert outcome.stdout.splitlines()[-1:] == ["False"], outcome.stderr


def test_a_worker_is_asked_by_the_name_that_it_has() -> None:
    services = composed("docker-compose.yml")["services"]
    for name in ("worker", "scheduled", "control"):
        command = services[name]["command"]
        assert command[command.index("-n") + 1] == f"{services[name]['environment']['MAILSYNC_QUEUE']}@%h"


def test_a_clock_that_sends_no_ticks_is_ill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beat = composed("docker-compose.yml")["services"]["beat"]
    check, at = beat["healthcheck"]["test"][1].replace("$$", "$"), tmp_path / "beat"
    assert beat["environment"][pulse.FILE].startswith("/tmp/") and beat["tmpfs"] == ["/tmp"]
    monkeypatch.setenv(pulse.FILE, str(at))

    def is_well() -> bool:
        return subprocess.run(["sh", "-c", check], env=os.environ, capture_output=True, timeout=10).returncode == 0

    assert not is_well()
    pulse.begin()
    try:
        with app.connection_for_write() as connection:
            app.send_task("syncjobs.nothing", connection=connection, queue="nobody", expires=1)
        assert is_well()
    finally:
        pulse.end()
    os.utime(at, (0, 0))
    assert not is_well()


def test_secrets_can_be_files_that_no_environment_shows() -> None:
    whole = composed("docker-compose.yml", "deploy/docker-compose.secrets.yml")
    for name in ("migrate", "web", "worker", "scheduled", "control", "beat"):
        environment = whole["services"][name]["environment"]
        files = {value for key, value in environment.items() if key.endswith("_FILE")}
        assert files == {f"/run/secrets/{each['source']}" for each in whole["services"][name]["secrets"]}
        assert not environment["DATABASE_URL"] and not environment.get("SECRET_KEY")
    postgres = whole["services"]["postgres"]["environment"]
    assert postgres.get("POSTGRES_PASSWORD") is None and postgres["POSTGRES_PASSWORD_FILE"] in {
        f"/run/secrets/{name}" for name in whole["secrets"]
    }


def test_the_image_can_collect_its_static_files(tmp_path: Path) -> None:
    """As the Dockerfile does it, with nothing set but what it sets."""
    steps = (CHECKOUT / "Dockerfile").read_text().replace("\\\n", " ")
    step = next(line for line in steps.splitlines() if "collectstatic" in line).removeprefix("RUN ")
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = step.replace("collectstatic --no-input", "collectstatic --no-input --dry-run --verbosity 0")
    outcome = subprocess.run(
        ["sh", "-c", command], cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert outcome.returncode == 0, outcome.stderr


def test_each_unit_becomes_a_process_of_the_procfile(tmp_path: Path) -> None:
    for program in ("celery", "python"):
        (tmp_path / program).write_text('#!/bin/sh\necho "$MAILSYNC_ROLE $(basename "$0") $*"\n')
        (tmp_path / program).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PORT": "8123"}
    lines = [line for line in (CHECKOUT / "Procfile").read_text().splitlines() if not line.startswith("#")]
    target = (CHECKOUT / "deploy" / "systemd" / "mailsync.target").read_text()
    for name, _, command in (line.partition(": ") for line in lines):
        run = ["sh", "deploy/systemd/process.sh", name]
        said = subprocess.run(run, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=10).stdout
        role = "web" if name == "web" else "worker"
        assert said.strip() == f"{role} {command}".replace("$HOST", "127.0.0.1").replace("$PORT", "8123")
        assert f"mailsync@{name}.service" in target
    wrong = subprocess.run(["sh", "deploy/systemd/process.sh", "x"], cwd=CHECKOUT, env=environment, timeout=10)
    assert wrong.returncode == 2


def test_every_package_is_pinned_with_its_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        lines = (CHECKOUT / name).read_text().splitlines()
        for number, line in enumerate(lines):
            if line and line[0] not in " #":
                assert "==" in line and "--hash=sha256:" in lines[number + 1], f"{name}:{number + 1}"


@pytest.mark.parametrize("name", ["server", "test", "check", "bench", "setup.sh"])
def test_the_scripts_are_plain_sh(name: str) -> None:
    outcome = subprocess.run(["sh", "-n", CHECKOUT / "script" / name], capture_output=True, text=True, timeout=10)
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize("name", ["Procfile", "Dockerfile", "docker-compose.yml"])
def test_no_web_process_logs_the_addresses_that_it_is_asked_for(name: str) -> None:
    """The code of a consent comes in the address."""
    commands = [line for line in (CHECKOUT / name).read_text().splitlines() if "config.asgi:application" in line]
    assert commands and all("--no-access-log" in line for line in commands)


def test_every_web_process_speaks_to_sockets_by_the_same_library() -> None:
    said = "".join((CHECKOUT / name).read_text() for name in ("Procfile", "Dockerfile", "docker-compose.yml"))
    assert re.findall(r'--ws[",]* "?([\w-]+)', said) == ["websockets-sansio"] * 3
