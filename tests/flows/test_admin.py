"""The admin, told whole: a job is seen, cancelled, started anew."""

import re

import requests

from tests.flows.conftest import MESSAGES
from tests.flows.product import Product
from tests.flows.test_button import logged_in

LIST = "/admin/syncjobs/syncjob/"


def test_an_admin_cancels_a_running_job_and_starts_it_anew(product: Product, account: int, mailbox: str) -> None:
    staff = logged_in(product)
    task_id = product.start(account).json()["task_id"]
    product.done(task_id, at_least=100)

    act(staff, product, task_id, "cancel")
    cancelled = product.finished(task_id, within=60)
    act(staff, product, task_id, "retry")
    newest = product.call("GET", "/api/jobs/", params={"account": account}).json()["results"][0]

    assert cancelled["state"] == "CANCELLED"
    assert newest["task_id"] != task_id
    assert newest["trigger"] == "admin"
    final = product.finished(newest["task_id"])
    assert final["state"] == "SUCCEEDED"
    assert final["stats"]["added"] == MESSAGES - cancelled["stats"]["added"]
    assert "Equal." in product.manage("verify_account", mailbox)


def test_a_job_tells_its_story_and_offers_no_field_to_edit(product: Product, account: int) -> None:
    staff = logged_in(product)
    task_id = product.start(account).json()["task_id"]
    product.finished(task_id)

    found = row_of(staff, product, task_id)
    page = staff.get(f"{product.address}{LIST}{found}/change/", timeout=60).text

    assert "Taken up by" in page
    assert not re.search(r'<(input|select|textarea)[^>]*name="(state|percentage|lease_token|mode)"', page)


def act(staff: requests.Session, product: Product, task_id: str, action: str) -> None:
    """Tick the job in the list, run the action."""
    url = product.address + LIST
    form = {
        "action": action,
        "_selected_action": row_of(staff, product, task_id),
        "csrfmiddlewaretoken": staff.cookies["csrftoken"],
        "index": "0",
    }
    answer = staff.post(url, data=form, headers={"Referer": url}, timeout=60)
    assert answer.ok


def row_of(staff: requests.Session, product: Product, task_id: str) -> str:
    """The primary key that the list links to."""
    page = staff.get(f"{product.address}{LIST}?q={task_id}", timeout=60).text
    found = re.search(rf"{LIST}(\d+)/change/", page)
    assert found, page
    return found[1]
