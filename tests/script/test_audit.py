"""pip-audit as it is, asking a service of ours."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

PIN = f"letters==1.0 --hash=sha256:{'0' * 64}\n"
HOLE = {
    "id": "OSV-1",
    "aliases": ["CVE-2026-1"],
    "summary": "",
    "affected": [
        {
            "package": {"name": "letters", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


class Service(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.dumps({"vulns": [HOLE]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def audit(load_script: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    lock = tmp_path / "lock.txt"
    lock.write_text(PIN)
    script = load_script("audit")
    monkeypatch.setattr(script, "LOCKS", (str(lock),))
    return script


@pytest.mark.long
def test_a_hole_that_a_newer_version_mends_fails(
    audit: ModuleType, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main("--vulnerability-service", "osv", "--osv-url", address) == 1
    assert "letters 1.0: CVE-2026-1" in capsys.readouterr().out.replace("OSV-1, ", "")


@pytest.mark.long
def test_a_service_that_is_away_fails_nothing(audit: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main("--vulnerability-service", "osv", "--osv-url", "http://127.0.0.1:9") == 0
    assert "nothing was looked at" in capsys.readouterr().out


def test_a_hole_that_nothing_mends_and_a_package_that_nobody_knows_are_said(audit: ModuleType) -> None:
    packages = [
        {"name": "letters", "version": "1.0", "vulns": [{"id": "OSV-2", "fix_versions": []}]},
        {"name": "stamps", "skip_reason": "not found"},
    ]
    assert list(audit.holes(packages, mended=True)) == []
    assert list(audit.holes(packages, mended=False)) == ["letters 1.0: OSV-2: no version mends it yet"]
    assert audit.asked(packages).startswith("1 of 2 packages looked at; about 1 it knows nothing: stamps")
