import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded.home import CHECKOUT

COMPOSE = Path(sys.executable).parent / "docker-compose"


@pytest.mark.parametrize("profile", [[], ["--profile", "simulator"]])
def test_the_compose_file_is_valid(profile: list[str]) -> None:
    command = [COMPOSE, *profile, "config", "--services"]
    outcome = subprocess.run(command, cwd=CHECKOUT, env=os.environ, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    always = {"postgres", "redis", "migrate", "web", "worker", "scheduled", "control", "beat"}
    assert set(outcome.stdout.split()) == always | ({"simulator"} if profile else set())


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
