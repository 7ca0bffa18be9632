"""Ask the web process for jobs: one after the other, or fifty clients at once."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from tests.benchmarks.web import TO_ANSWER, Times

SMART, INSERT = "/api/sync/smart", "/api/insert/"
TO_FINISH = 120.0


@dataclass(frozen=True, slots=True)
class Burst:
    """What many clients were answered, how fast."""

    seconds: float
    answers: Counter[int]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers.total() / self.seconds


class Client:
    """One program that starts jobs, which keeps its connection."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {token}"

    def start(self, path: str, account: int) -> int:
        """The status of the answer."""
        answer = self.session.post(self.address + path, params={"account": account}, timeout=TO_ANSWER)
        if answer.status_code >= 300:
            raise SystemExit(f"{path} answers {answer.status_code}: {answer.text[:300]}")
        return answer.status_code

    def times(self, path: str, accounts: Sequence[int]) -> Times:
        """Milliseconds of each start, shortest first."""
        taken = []
        for account in accounts:
            begun = time.perf_counter()
            self.start(path, account)
            taken.append(1000 * (time.perf_counter() - begun))
        return sorted(taken)


def burst(address: str, token: str, path: str, shares: Sequence[Sequence[int]]) -> Burst:
    """One client per share, all at once."""
    together = threading.Barrier(len(shares) + 1)
    answers: list[int] = []

    def ask(share: Sequence[int]) -> None:
        client = Client(address, token)
        together.wait(TO_FINISH)
        answers.extend([client.start(path, account) for account in share])

    threads = [threading.Thread(target=ask, args=[share], daemon=True) for share in shares]
    for thread in threads:
        thread.start()
    together.wait(TO_FINISH)
    begun = time.perf_counter()
    for thread in threads:
        thread.join(TO_FINISH)
    seconds = time.perf_counter() - begun
    if (missing := sum(map(len, shares)) - len(answers)) > 0:
        raise SystemExit(f"{missing} starts of {path} were not answered")
    return Burst(seconds, Counter(answers))
