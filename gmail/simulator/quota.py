"""What methods cost, who may still spend."""

from collections import deque
from collections.abc import Mapping

from gmail.simulator import refusals

NEW = {
    "getProfile": 1,
    "labels.list": 1,
    "labels.get": 1,
    "labels.create": 5,
    "labels.update": 5,
    "labels.delete": 5,
    "history.list": 2,
    "messages.list": 5,
    "messages.get": 20,
    "messages.attachments.get": 20,
    "messages.modify": 5,
    "messages.untrash": 5,
    "messages.trash": 20,
    "messages.delete": 10,
    "messages.batchModify": 50,
    "messages.batchDelete": 50,
    "messages.insert": 25,
    "threads.list": 10,
    "threads.get": 40,
    "threads.modify": 10,
    "watch": 100,
    "stop": 50,
}
OLD = NEW | {
    "messages.get": 5,
    "messages.attachments.get": 5,
    "messages.trash": 5,
    "threads.get": 10,
}
TIERS = {"2026": NEW, "2021": OLD}
MINUTE = 60.0
MOST_SPENDS = 20_000


class Window:
    """Units spent in any sliding minute; a `limit` of 0 is no limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def room(self, units: int, now: float) -> bool:
        """Whether `units` more would stay within the limit."""
        while self._spent and self._spent[0][0] <= now - MINUTE:
            self._sum -= self._spent.popleft()[1]
        return self.limit == 0 or self._sum + units <= self.limit

    def spend(self, units: int, now: float) -> None:
        """Count `units`; entries of one millisecond are joined, so that the memory stays bounded."""
        self._sum += units
        moment = round(now, 3)
        if self._spent and self._spent[-1][0] == moment:
            self._spent[-1] = (moment, self._spent[-1][1] + units)
        else:
            self._spent.append((moment, units))

    def frees_at(self, now: float) -> float:
        """When the first units of the window come back."""
        return self._spent[0][0] + MINUTE if self._spent else now


class Spends:
    """The latest charges, for whoever wants to judge a client; those of one mailbox in one hundredth of a second are one."""

    def __init__(self) -> None:
        self._latest: deque[tuple[float, str, int]] = deque(maxlen=MOST_SPENDS)

    def note(self, now: float, email: str, units: int) -> None:
        """Keep one charge."""
        moment = round(now, 2)
        if self._latest and self._latest[-1][:2] == (moment, email):
            units += self._latest.pop()[2]
        self._latest.append((moment, email, units))

    def since(self, begin: float) -> list[tuple[float, str, int]]:
        """(second, mailbox, units), oldest first."""
        return [spend for spend in self._latest if spend[0] >= begin]


class Quota:
    """Windows per user and one for the project; `style` is how a refusal is worded: "403", "429" or "retry-after"."""

    def __init__(self, user_limit: int, project_limit: int, prices: Mapping[str, int], style: str = "403") -> None:
        self.prices, self.style = prices, style
        self.user_limit = user_limit
        self.project = Window(project_limit)
        self.spends = Spends()
        self._users: dict[str, Window] = {}

    def charge(self, email: str, method: str, now: float) -> int:
        """Spend what `method` costs. Raises Refusal when the user or the project has no units left."""
        units = self.prices.get(method, 1)
        user = self._users.setdefault(email, Window(self.user_limit))
        user.limit = self.user_limit
        for window, scope in ((user, "user"), (self.project, "project")):
            if not window.room(units, now):
                raise self._refusal(window, scope, now)
        user.spend(units, now)
        self.project.spend(units, now)
        self.spends.note(now, email, units)
        return units

    def _refusal(self, window: Window, scope: str, now: float) -> refusals.Refusal:
        if self.style == "retry-after":
            return refusals.retry_after(window.frees_at(now))
        return refusals.exhausted() if self.style == "429" else refusals.quota_exceeded(scope)


class Concurrency:
    """Requests in flight per user; a `cap` of 0 is no cap."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self._flying: dict[str, int] = {}

    def enter(self, email: str) -> bool:
        """Take off; False when the cap is reached."""
        flying = self._flying.get(email, 0)
        if self.cap and flying >= self.cap:
            return False
        self._flying[email] = flying + 1
        return True

    def leave(self, email: str) -> None:
        """Land."""
        self._flying[email] -= 1
