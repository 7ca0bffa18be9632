"""The pages over a mailbox of 100,000 messages: time, questions to the database, weight, the way of a number to the screen."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.api import MODEL, TO_FILL, Row, row
from tests.benchmarks.counted import HEADER
from tests.benchmarks.stage import TO_PREPARE, Stage, stage
from tests.benchmarks.table import aligned
from tests.benchmarks.web import REPETITIONS, TO_ANSWER, WARM, Times, percentile, web
from tests.flows.product import ROOT
from tests.flows.test_browser import QUIET

HEADS = ("pages", "p50 ms", "p95 ms", "measure", "target", "")
SERVER_P95, SEARCH_P95, PIXELS_P95, FIRST_VISIT_KB = 60.0, 50.0, 300.0, 150.0
PASSWORD = "a long phrase"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PAGES = {
    "/": "home",
    "/jobs/": "jobs",
    "/jobs/{job}/": "one job",
    "/mail/": "mail",
    "/mail/?account={account}": "mail of one mailbox",
    "/mail/?q=topic5": "a search",
    "/mail/?q=会议": "a search in Chinese",
    "/accounts/{account}/": "the mailbox",
    "/accounts/{account}/figures/": "its figures",
    "/settings/": "settings",
}
USERS = """
from django.contrib.auth.models import User
for user in User.objects.all():
    user.set_password({0!r})
    user.save()
from mailsync import pictures
pictures.tick()
"""
WATCH = """() => {
    window.seen = [];
    const bar = document.querySelector("[role=progressbar]");
    new MutationObserver(() => {
        const value = Number(bar.getAttribute("aria-valuenow"));
        requestAnimationFrame(() => setTimeout(() => window.seen.push([value, Date.now() / 1000])));
    }).observe(bar, { attributes: true, attributeFilter: ["aria-valuenow"] });
}"""


class Visitor:
    """Somebody signed in, who keeps his connection."""

    def __init__(self, address: str, name: str) -> None:
        self.address = address
        self.session = requests.Session()
        form = self.session.get(f"{address}/login/", timeout=TO_ANSWER).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token is not None
        fields = {"csrfmiddlewaretoken": token[1], "username": name, "password": PASSWORD}
        home = self.session.post(f"{address}/login/", data=fields, timeout=TO_ANSWER)
        assert home.url == f"{address}/", home.url
        accounts = self.json("/api/accounts/")["results"]
        jobs = self.json("/api/jobs/")["results"]
        self.places = {"account": min(each["id"] for each in accounts), "job": jobs[0]["task_id"] if jobs else ""}

    def json(self, path: str) -> dict[str, Any]:
        """What the API answers."""
        found: dict[str, Any] = self.session.get(self.address + path, timeout=TO_ANSWER).json()
        return found

    def look(self, path: str) -> tuple[Times, int]:
        """Milliseconds of each visit, shortest first; questions to the database of the last one."""
        times, questions = [], 0
        for _ in range(WARM + REPETITIONS):
            begun = time.perf_counter()
            answer = self.session.get(self.address + path.format(**self.places), timeout=TO_ANSWER)
            times.append(1000 * (time.perf_counter() - begun))
            if answer.status_code != 200:
                raise SystemExit(f"{answer.url} answers {answer.status_code}")
            questions = int(answer.headers[HEADER])
        return sorted(times[WARM:]), questions


def run() -> str:
    """The table: one web process, one visitor."""
    with tempfile.TemporaryDirectory(prefix="mailsync-static-") as static, stage(MODEL) as servers:
        servers.environment["BENCH_STATIC"] = static
        held = servers.run("mailboxes", within=TO_FILL).messages
        manage(servers, "collectstatic", "--noinput", "--verbosity", "0")
        manage(servers, "shell", "-v", "0", "-c", USERS.format(PASSWORD))
        with web(servers) as address:
            one, two = (Visitor(address, name) for name in ("one", "two"))
            one.places["job"] = Visitor(address, "model").places["job"]
            rows = list(visits(one, two))
            rows += list(in_browser(servers, address))
    failed = sum(each[-1] == "FAIL" for each in rows)
    head = f"The pages over mailboxes of 100,000 and 20,000 messages, {held:,} in all: one process, one visitor\n\n"
    return head + aligned(HEADS, rows) + f"\n\n{failed or 'none'} of {len(rows)} missed its target"


def manage(servers: Stage, *command: str) -> None:
    """Run manage.py with the settings of the benchmark."""
    environment = servers.environment | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings", "DEBUG": "false"}
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TO_PREPARE,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])


def visits(one: Visitor, two: Visitor) -> Iterator[Row]:
    """Each page as somebody sees it who has one mailbox; as many questions for two of them."""
    for path, name in PAGES.items():
        if "{job}" in path:
            continue
        times, questions = one.look(path)
        _, of_two = two.look(path)
        most = SEARCH_P95 if "?q=" in path else SERVER_P95
        kept = percentile(times, 95) <= most and questions == of_two
        asked = f"{questions} queries" if questions == of_two else f"{questions} queries, {of_two} for two mailboxes"
        yield row(name, times, asked, f"{most:.0f} ms, equal", kept)


@contextmanager
def browser(address: str) -> Iterator[tuple[Page, list[float]]]:
    """About to sign in as `one`; the bytes of all that it was sent."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page, weights = started.new_context().new_page(), []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
        page.goto(f"{address}/login/")
        page.fill("[name=username]", "one")
        page.fill("[name=password]", PASSWORD)
        yield page, weights
        started.close()


def in_browser(servers: Stage, address: str) -> Iterator[Row]:
    """What the first visit weighs; how long after its commit a number can be seen."""
    with browser(address) as (page, weights):
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        page.wait_for_load_state("networkidle")
        weight = sum(weights) / 1000
        kept = weight <= FIRST_VISIT_KB
        yield ("first visit", "", "", f"{weight:.0f} KB", f"{FIRST_VISIT_KB:.0f} KB", "ok" if kept else "FAIL")
        page.evaluate(WATCH)
        moments = committed(servers)
        page.wait_for_timeout(1000)
        seen = dict(reversed([tuple(each) for each in page.evaluate("() => window.seen")]))
        delays = sorted(1000 * (seen[value] - moment) for value, moment in moments if value in seen)
        lost = len(moments) - len(delays)
        kept = lost <= 1 and percentile(delays, 95) <= PIXELS_P95
        yield row("commit to pixels", delays, f"{len(delays)} of {len(moments)} seen", f"{PIXELS_P95:.0f} ms", kept)


def committed(servers: Stage) -> list[list[float]]:
    """[percentage, moment] of each step of a job that another process works on."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.steps"],
        cwd=ROOT,
        env=servers.environment | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"},
        capture_output=True,
        text=True,
        timeout=TO_PREPARE,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    found: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found
