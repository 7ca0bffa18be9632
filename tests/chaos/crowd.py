"""People who press whatever they like while their mail changes, in an order that the seed fixes."""

import random
import threading
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

from tests.flows.product import Gmail

HANDS = 2  # each person presses with both
PLANS = {"smart": 10, "full": 3, "cancel": 1, "retry": 1, "today": 2, "week": 1, "batch": 2, "simple": 1, "check": 1}
REMEMBERED = 5  # jobs that a person still thinks of
TIME_OUT = 60.0
NOBODY = 0  # the status of a call that met no web process: one is being replaced by its next version


@dataclass(frozen=True)
class Person:
    """Somebody with one mailbox and a token."""

    email: str
    account: int
    token: str


class Crowd:
    """Runs in threads from `start` to `stop`; what they heard is kept."""

    def __init__(
        self, address: str, gmail: Gmail, people: list[Person], seed: int, pause: tuple[float, float] = (0.3, 2.0)
    ) -> None:
        self.address, self.gmail, self.people, self.seed = address, gmail, people, seed
        self.pause = pause  # seconds between two presses of a hand
        self.over = threading.Event()
        self.heard: Counter[tuple[str, int]] = Counter()
        self.accepted: set[str] = set()
        self.changes = 0
        self._pool = ThreadPoolExecutor(len(people) * HANDS + 1)
        self._work: list[Future[None]] = []

    def start(self) -> None:
        """Everybody begins."""
        hands = [person for person in self.people for _ in range(HANDS)]
        self._work = [self._pool.submit(self._press, person, place) for place, person in enumerate(hands)]
        self._work.append(self._pool.submit(self._change))

    def stop(self) -> None:
        """Everybody ends; what went wrong in a thread is raised here."""
        self.over.set()
        for each in self._work:
            each.result(timeout=TIME_OUT * 2)
        self._pool.shutdown()

    def ask(self, person: Person, method: str, path: str, **params: Any) -> requests.Response:
        """One call of the API."""
        headers = {"Authorization": f"Token {person.token}"}
        return requests.request(method, self.address + path, headers=headers, params=params, timeout=TIME_OUT)

    def _press(self, person: Person, place: int) -> None:
        dice = random.Random(self.seed * 1000 + place)
        known: deque[str] = deque(maxlen=REMEMBERED)
        while not self.over.wait(dice.uniform(*self.pause)):
            plan = dice.choices(list(PLANS), list(PLANS.values()))[0]
            if plan in ("cancel", "retry") and not known:
                continue
            try:
                answer = self._carry_out(plan, person, dice, known)
            except requests.ConnectionError:
                self.heard[plan, NOBODY] += 1
                continue
            self.heard[plan, answer.status_code] += 1
            if answer.ok and (task := task_of(answer.json())):
                known.append(task)
                self.accepted.add(task)

    def _carry_out(self, plan: str, person: Person, dice: random.Random, known: deque[str]) -> requests.Response:
        if plan in ("cancel", "retry"):
            return self.ask(person, "POST", f"/api/jobs/{dice.choice(known)}/{plan}/")
        if plan == "check":
            return self.ask(person, "GET", "/api/sync/check")
        if plan == "full":
            return self.ask(person, "POST", "/api/sync/smart", force_full="true")
        size = {"batch_size": dice.choice((20, 60, 200))} if plan == "batch" else {}
        return self.ask(person, "POST", f"/api/sync/{plan}", **size)

    def _change(self) -> None:
        dice = random.Random(self.seed + 1)
        while not self.over.wait(dice.uniform(0.3, 1.0)):
            try:
                self._change_mail(dice, dice.choice(self.people).email)
            except (AssertionError, requests.RequestException):
                continue  # one of them has just vanished, or the machine is busy
            self.changes += 1

    def _change_mail(self, dice: random.Random, email: str) -> None:
        some = dice.sample(self.gmail.ids(email), 8)
        self.gmail.control("deliver", email=email, count=dice.randint(1, 6))
        self.gmail.control("labels", email=email, ids=some[:5], add=["STARRED"], remove=["UNREAD"])
        self.gmail.control("trash", email=email, ids=some[5:7])
        self.gmail.control("delete", email=email, ids=some[7:])


def task_of(body: dict[str, Any]) -> str | None:
    """The job that an answer speaks of."""
    found: str | None = body.get("task_id") or (body.get("job") or {}).get("task_id")
    return found
