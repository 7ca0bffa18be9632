"""Have the whole product running, ask its API as a browser would."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from config.embedded.ports import free_port
from tests.benchmarks.web import TO_ANSWER
from tests.flows.product import Gmail, Product

EVERY = 0.01  # seconds between two looks


class Reader:
    """One user's program, which keeps its connection."""

    def __init__(self, product: Product) -> None:
        self.address = product.address
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {product.token}"

    def ask(self, method: str, path: str, **parameters: Any) -> dict[str, Any]:
        """The JSON of the answer."""
        answer = self.session.request(method, self.address + path, params=parameters, timeout=TO_ANSWER)
        if not answer.ok:
            raise SystemExit(f"{path} answers {answer.status_code}: {answer.text[:300]}")
        found: dict[str, Any] = answer.json()
        return found

    def click(self, account: int) -> str:
        """The id of the job that will do what was asked for."""
        return str(self.ask("POST", "/api/sync/smart", account=account)["task_id"])

    def newest(self, account: int) -> str:
        """The id of the newest mail that can be read, or ""."""
        found = self.ask("GET", "/api/messages/", account=account, page_size=1)["results"]
        return str(found[0]["gmail_id"]) if found else ""

    def seconds_until_newest(self, account: int, gmail_id: str | None, since: float, within: float) -> float:
        """Since that monotonic moment, until this mail (None: any) can be read."""
        while (found := self.newest(account)) != gmail_id and (gmail_id is not None or not found):
            if time.monotonic() - since > within:
                raise SystemExit(f"mail was not readable within {within:.0f} s")
            time.sleep(EVERY)
        return time.monotonic() - since

    def cancel(self, task: str) -> None:
        """End a job, wait for its end."""
        self.session.post(f"{self.address}/api/jobs/{task}/cancel/", timeout=TO_ANSWER)
        while not self.ask("GET", f"/api/jobs/{task}/")["finished_at"]:
            time.sleep(0.1)


@contextmanager
def whole(gmail: Gmail, **environment: str) -> Iterator[Product]:
    """What `script/server` runs, beside that Gmail; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mailsync-bench-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)  # as root, Postgres runs as somebody else and must pass through here
        product = Product(Path(directory) / "home", free_port(), GOOGLE_BASE_URL=gmail.address, **environment)
        try:
            yield product
        finally:
            product.stop()
