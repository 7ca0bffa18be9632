"""A real Prometheus with the rules that we ship, which looks at the product each second."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.flows.conftest import free_port
from tests.flows.product import ROOT

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
FOR = "2s"

needs_prometheus = pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs Debian's prometheus")


class Prometheus:
    """The real one, in a directory of its own."""

    def __init__(self, directory: Path, target: str) -> None:
        groups = yaml.safe_load(RULES.read_text())
        self.names = {rule["alert"] for rule in groups["groups"][0]["rules"]}
        for rule in groups["groups"][0]["rules"]:
            rule["for"] = FOR
        (directory / "rules.yml").write_text(yaml.safe_dump(groups))
        times = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        jobs = [{"job_name": "mailsync", "static_configs": [{"targets": [target]}]}]
        settings = {"global": times, "rule_files": ["rules.yml"], "scrape_configs": jobs}
        (directory / "prometheus.yml").write_text(yaml.safe_dump(settings))
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        options = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"]
        command = ["prometheus", *options, f"--web.listen-address=127.0.0.1:{port}"]
        self.process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        """At once: nobody reads its data again."""
        self.process.kill()
        self.process.wait(10)

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer; nothing as long as it does not answer."""
        try:
            return requests.get(f"{self.address}/api/v1/{path}", params=parameters, timeout=10).json()["data"]
        except (requests.ConnectionError, KeyError):
            return {}

    def firing(self) -> set[str]:
        """The names of the alerts that would wake somebody now."""
        return {labels["alertname"] for labels in self.alarms()}

    def alarms(self) -> list[dict[str, str]]:
        """The labels of each alert that would."""
        return [each["labels"] for each in self.ask("alerts").get("alerts", []) if each["state"] == "firing"]

    def value(self, expression: str) -> float:
        """Of a sum."""
        found = self.ask("query", query=expression).get("result", [])
        return float(found[0]["value"][1]) if found else 0.0
