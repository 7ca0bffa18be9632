"""One line, one record: for people or for machines, with the slice it is about."""

import json
import logging
import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from config.embedded.home import CHECKOUT
from config.logs import LOGGING, Json, Line, WithScene
from syncjobs import scene


def written(form: str, message: str, *values: Any, error: bool = False) -> str:
    """What the handler of these settings would write."""
    made = {"line": Line, "json": Json}[form]
    options = {key: value for key, value in LOGGING["formatters"][form].items() if key != "()"}
    formatter = made(options.pop("format", None) or options.pop("fmt"), **options)
    try:
        if error:
            raise ValueError("of this kind")
        info = None
    except ValueError as caught:
        info = (type(caught), caught, caught.__traceback__)
    record = logging.LogRecord("mailsync.sync", logging.WARNING, __file__, 1, message, values, info)
    assert WithScene().filter(record)
    return formatter.format(record)


def test_a_line_says_which_slice_it_is_about() -> None:
    assert written("line", "label %s", "x") == "W mailsync.sync: label x"
    with scene.of({"job": "sync_1_a", "slice": 3, "account": 7}):
        assert written("line", "label %s", "x") == "W mailsync.sync: label x job=sync_1_a slice=3 account=7"
    assert written("line", "after") == "W mailsync.sync: after"


@pytest.mark.parametrize("evil", ["x\nE root: forged", "x\r\nforged", "x\x1b[2Jforged", "x\u2028forged", "x\x85forged"])
def test_no_text_of_a_stranger_begins_a_line(evil: str) -> None:
    line = written("line", "subject %s", evil)
    assert len(line.splitlines()) == 1 and "\x1b" not in line
    assert json.loads(written("json", "subject %s", evil))["message"] == f"subject {evil}"
    assert len(written("json", "subject %s", evil).splitlines()) == 1


def test_json_has_what_machines_look_for() -> None:
    with scene.of({"job": "sync_1_a", "slice": 3, "account": 7}):
        found = json.loads(written("json", "label %s", "x", error=True))
    assert (found["level"], found["logger"], found["message"]) == ("WARNING", "mailsync.sync", "label x")
    assert (found["job"], found["slice"], found["account"]) == ("sync_1_a", 3, 7)
    assert found["time"].startswith("20") and "ValueError: of this kind" in found["exc_info"]
    assert "scene" not in found


def test_a_strange_host_is_one_line(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/login/", headers={"host": "probe.example.net"}).status_code == 400
    (record,) = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    assert "probe.example.net" in record.getMessage() and record.exc_info is None


START = """
import logging, uvicorn, django
uvicorn.Config("config.asgi:application", access_log=False)  # before our settings are read
django.setup()
print(logging.getLogger("uvicorn.access").hasHandlers())
"""


def test_the_web_server_logs_no_addresses() -> None:
    """They hold the codes of consents; it asks its logger whether anybody would hear."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", START], env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "False", done.stdout + done.stderr
