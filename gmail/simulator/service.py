"""What happens to each call between its arrival and its answer."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from gmail.simulator import api, refusals
from gmail.simulator.api import Reply, Route
from gmail.simulator.call import Call
from gmail.simulator.faults import CONTENT, TRANSPORT, Fault, Faults
from gmail.simulator.latency import Latency
from gmail.simulator.quota import TIERS, Concurrency, Quota
from gmail.simulator.refusals import Refusal
from gmail.simulator.script import Script
from gmail.simulator.settings import Settings
from gmail.simulator.tokens import Access
from gmail.simulator.world import World


class Stats:
    """What clients have asked for so far."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Count anew."""
        self.http: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.units: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.pushes: Counter[str] = Counter()
        self.gets: dict[str, Counter[str]] = {}


@dataclass(slots=True)
class Ticket:
    """A call under way: refused, or let in as `access` on `route`; `fault` is what will befall its answer."""

    call: Call
    route: Route | None = None
    access: Access | None = None
    refusal: Refusal | None = None
    fault: Fault | None = None
    flying: bool = False


class Service:
    """The mailboxes with everything that stands before them."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.world = World(settings)
        self.settings = self.world.settings
        self.quota = Quota(settings.quota, settings.project_quota, TIERS[settings.prices], settings.quota_style)
        self.concurrency = Concurrency(settings.concurrency)
        self.faults = Faults(settings.seed)
        self.script = Script()
        self.latency = Latency.read(settings.latency)
        self.push = settings.push
        self.stats = Stats()

    def begin(self, call: Call) -> Ticket:
        """Let a call in or refuse it: route, token, script, faults, concurrency, quota, in this order."""
        ticket, now = Ticket(call), self.clock()
        try:
            ticket.route = api.route(call)
            ticket.access = api.admit(call, ticket.route, self.world, now)
            if self.script.before(ticket.route.endpoint.method, ticket.access.email):
                ticket.access = api.admit(call, ticket.route, self.world, now)  # it may have been the grant that ended
            self._let_in(ticket, ticket.route, ticket.access.email, now)
        except Refusal as refusal:
            ticket.refusal = refusal
        return ticket

    def _let_in(self, ticket: Ticket, route: Route, email: str, now: float) -> None:
        method, id = route.endpoint.method, route.variables[0] if route.variables else ""
        self.stats.requests[method] += 1
        ticket.fault = self.faults.strike(method, id, email, ticket.call.first("pageToken") is not None)
        if ticket.fault is not None and (refusal := ticket.fault.refusal(now)) is not None:
            raise refusal
        ticket.flying = self.concurrency.enter(email)
        if not ticket.flying:
            raise refusals.too_many_concurrent()
        self.stats.units[email] += self.quota.charge(email, method, now)
        # Ids that do not exist are not counted: a client that guesses must not fill the memory.
        if method == "messages.get" and self.world.holds(email, id):
            self.stats.gets.setdefault(email, Counter())[id] += 1

    def finish(self, ticket: Ticket) -> Reply:
        """Answer a call that began."""
        reply = self._answer(ticket)
        if ticket.flying and ticket.access is not None:
            self.concurrency.leave(ticket.access.email)
        self.stats.statuses[reply.status] += 1
        return reply

    def _answer(self, ticket: Ticket) -> Reply:
        if ticket.refusal is not None or ticket.route is None or ticket.access is None:
            return api.refuse(ticket.refusal or refusals.no_such_method())
        call, kind = ticket.call, ticket.fault.kind if ticket.fault is not None else ""
        try:
            result = api.answer(
                call, ticket.route, ticket.access, self.world, self.clock(), kind if kind in CONTENT else ""
            )
        except Refusal as refusal:
            return api.refuse(refusal)
        return api.render(call, result)

    @staticmethod
    def transport_fault(tickets: list[Ticket]) -> Fault | None:
        """The first fault of the connection among the calls of one HTTP request."""
        faults = (ticket.fault for ticket in tickets if ticket.fault is not None)
        return next((fault for fault in faults if fault.kind in TRANSPORT and fault.kind != "missing_part"), None)

    def set_quota(self, user: int | None, project: int | None, style: str | None, concurrency: int | None) -> None:
        """Change limits while running; None leaves one as it is."""
        if user is not None:
            self.quota.user_limit = user
        if project is not None:
            self.quota.project.limit = project
        if style is not None:
            self.quota.style = style
        if concurrency is not None:
            self.concurrency.cap = concurrency
