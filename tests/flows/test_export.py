"""A mailbox downloaded from the running product."""

import hashlib
import io
import re
import zipfile

import requests

from tests.flows.product import Gmail, Product, eventually
from tests.mailsync.export.test_mbox import read


def signed_in(product: Product) -> requests.Session:
    browser = requests.Session()
    browser.get(product.address + "/login/", timeout=60)
    login = {"username": "demo", "password": "demo", "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    assert browser.post(product.address + "/login/", login, timeout=60).ok
    return browser


def ask(browser: requests.Session, product: Product, account: int, form: str) -> requests.Response:
    """Press Download on the page of the mailbox."""
    page = browser.get(f"{product.address}/accounts/{account}/", timeout=60).text
    fields = dict(re.findall(r'name="(csrfmiddlewaretoken|account|q)" value="([^"]*)"', page.split('id="export"')[1]))
    headers = {"Referer": product.address}
    return browser.post(
        product.address + "/exports/new/", fields | {"form": form}, headers=headers, stream=True, timeout=30
    )


def test_a_download_flows_to_its_end_or_is_known_to_be_broken(
    product: Product, gmail: Gmail, account: int, mailbox: str
) -> None:
    product.finished(product.start(account).json()["task_id"])
    hashes = sorted(digest for _, digest in gmail.truth(mailbox)["mail"].values())
    browser = signed_in(product)

    # A browser that takes some and leaves: what is made meets the end of the line, the row says so.
    with ask(browser, product, account, "mbox") as leaving:
        assert next(leaving.iter_content(10_000)).startswith(b"From ")
    eventually(lambda: "Broken off" in browser.get(product.address + "/exports/", timeout=60).text, within=60)

    with ask(browser, product, account, "mbox") as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        content = answer.content
    assert sorted(hashlib.sha256(each).hexdigest() for each in read(content)) == hashes
    with (
        ask(browser, product, account, "zip") as answer,
        zipfile.ZipFile(io.BytesIO(answer.content)) as files,
    ):
        mails = [files.read(name) for name in files.namelist() if name.endswith(".eml")]
    assert sorted(hashlib.sha256(each).hexdigest() for each in mails) == hashes
    page = browser.get(product.address + "/exports/", timeout=60).text
    assert page.count('<span class="mark succeeded">') == 2
