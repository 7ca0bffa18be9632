"""Push, whole: Gmail watches, tells, mail is there; a thousand notifications are two passes; forgeries are counted."""

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import aiohttp
import pytest
import requests

from mailsync.pushed import REST
from tests.flows.conftest import AUDIENCE, PUSHER
from tests.flows.product import Gmail, Product, eventually
from tests.gmail.wire import Asked, Reply, serving

PUSHES = 1000
EXAMINE = """
import json
from mailsync.doctor.checks import CHECKS
from mailsync.doctor.registry import examine
print(json.dumps([each.as_json() for each in examine(CHECKS)]))
"""
COUNTS = "import json; from mailsync import push_counts; print(json.dumps(push_counts.read()))"


@pytest.fixture
def watched(product: Product, gmail: Gmail, mailbox: str, account: int) -> Iterator[str]:
    """A mirrored mailbox that Gmail watches by now; whose notifications go nowhere after the test."""
    product.finished(product.start(account).json()["task_id"])
    eventually(lambda: mailbox in gmail.stats()["watches"], within=60)
    yield mailbox
    gmail.control("push", endpoint="")


def pushes(product: Product, account: int) -> list[dict[str, Any]]:
    """The jobs that notifications started, oldest first."""
    found = product.call("GET", "/api/jobs/", params={"account": account, "trigger": "push"}).json()["results"]
    return list(reversed(found))


def deliver(gmail: Gmail, mailbox: str) -> str:
    found: str = gmail.control("deliver", email=mailbox, count=1)["ids"][0]
    return found


def is_mirrored(product: Product, account: int, message: str) -> bool:
    return product.call("GET", f"/api/messages/{message}/", params={"account": account}).ok


def signed(gmail: Gmail, mailbox: str) -> Asked:
    """What Pub/Sub sends about this mailbox, caught on its way."""
    with serving(lambda asked: Reply(204, b"")) as wire:
        gmail.control("push", endpoint=wire.url, audience=AUDIENCE, account=PUSHER)
        deliver(gmail, mailbox)
        caught: Asked = eventually(lambda: wire.asked and wire.asked[0], within=60, every=0.02)
        gmail.control("push", endpoint="")
    return caught


def send(product: Product, body: bytes, bearer: str, times: int) -> tuple[list[int], float]:
    """The answers to so many pushes, all of them sent at once; the seconds until the last answer."""
    begun = time.monotonic()
    answers = asyncio.run(_send(f"{product.address}/push/gmail/", body, {"Authorization": bearer}, times))
    return answers, time.monotonic() - begun


async def _send(address: str, body: bytes, headers: dict[str, str], times: int) -> list[int]:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=60)
    ) as session:

        async def one() -> int:
            async with session.post(address, data=body, headers=headers) as answer:
                return answer.status

        return await asyncio.gather(*(one() for _ in range(times)))


def test_new_mail_is_here_without_a_click_the_doctor_is_content_disconnecting_ends_the_watch(
    product: Product, gmail: Gmail, watched: str, account: int
) -> None:
    gmail.control("push", endpoint=f"{product.address}/push/gmail/", audience=AUDIENCE, account=PUSHER)
    message = deliver(gmail, watched)
    eventually(lambda: is_mirrored(product, account, message), within=60, every=0.1)
    assert pushes(product, account)
    told = product.shell(EXAMINE)
    # Other stories leave mailboxes without a grant behind.
    bad = [each for each in told if each["level"] in ("bad", "skipped") and each["check"] not in ("grants", "scopes")]
    assert not bad
    eventually(lambda: "last heard" in page(product, account), within=60)
    product.call("DELETE", f"/api/accounts/{account}/", params={"mirror": "keep"})
    eventually(lambda: watched not in gmail.stats()["watches"], within=60)


def page(product: Product, account: int) -> str:
    """The page of the mailbox, as its owner sees it."""
    with requests.Session() as session:
        session.get(f"{product.address}/login/", timeout=60)
        form = {"username": "demo", "password": "demo", "csrfmiddlewaretoken": session.cookies["csrftoken"]}
        session.post(f"{product.address}/login/", form, headers={"Referer": product.address}, timeout=60)
        return session.get(f"{product.address}/accounts/{account}/", timeout=60).text


def test_a_thousand_notifications_are_two_passes_and_a_thousand_forgeries_none(
    product: Product, gmail: Gmail, watched: str, account: int, record_property: Any
) -> None:
    caught = signed(gmail, watched)
    message = deliver(gmail, watched)
    answers, seconds = send(product, caught.body, caught.headers["authorization"], PUSHES)
    last = deliver(gmail, watched)
    final, _ = send(product, caught.body, caught.headers["authorization"], 1)
    assert set(answers + final) == {204}
    eventually(lambda: is_mirrored(product, account, last), within=60)
    assert is_mirrored(product, account, message)
    time.sleep(REST.total_seconds() + 2)  # nothing more comes after it
    jobs = pushes(product, account)
    record_property("summary", f"{PUSHES} pushes in {seconds:.1f} s: {len(jobs)} passes")
    assert 2 <= len(jobs) <= 2 + seconds / REST.total_seconds(), jobs
    assert all(job["state"] == "SUCCEEDED" for job in jobs)
    events = [product.call("GET", f"/api/jobs/{job['task_id']}/events/").json()["results"] for job in jobs]
    assert not [event for log in events for event in log if event["code"] == "further_pass"]
    ended, began = (datetime.fromisoformat(each) for each in (jobs[0]["finished_at"], jobs[1]["started_at"]))
    assert (began - ended).total_seconds() >= 5
    forgeries_are_counted(product, gmail, caught)


def forgeries_are_counted(product: Product, gmail: Gmail, caught: Asked) -> None:
    """A thousand of them ask Google nothing."""
    forged = caught.headers["authorization"][:-40] + "A" * 40
    before, asked = product.shell(COUNTS), gmail.stats()["http"]
    answers, _ = send(product, caught.body, forged, PUSHES)
    assert set(answers) == {403}
    assert product.shell(COUNTS)["forged:signature"] - before.get("forged:signature", 0) == PUSHES
    assert gmail.stats()["http"] == asked
