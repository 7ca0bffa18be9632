"""All mailboxes of a simulator with the deeds that change them."""

import math
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from gmail.simulator import delivered
from gmail.simulator.corpus import Seeded
from gmail.simulator.folder import Folder
from gmail.simulator.journal import Deed, Journal
from gmail.simulator.mailbox import Mailbox, Message
from gmail.simulator.settings import Settings
from gmail.simulator.tokens import Grant, Tokens

FIRST_HISTORY_ID = 100_000
ARRIVED = frozenset({"INBOX", "UNREAD", "CATEGORY_PERSONAL"})


@dataclass(frozen=True, slots=True)
class Watch:
    """What users.watch asked for; `labels` are included or excluded; `expires` in seconds since 1970."""

    topic: str
    labels: frozenset[str]
    include: bool
    expires: float


class World:
    """Mailboxes are made when first asked for; every change goes through `perform`, so that it can be replayed."""

    def __init__(self, settings: Settings) -> None:
        self._journal = Journal(settings.state)
        opening = self._journal.opening({"now": settings.now, "seed": settings.seed, "messages": settings.messages})
        self.settings = replace(settings, now=opening["now"], seed=opening["seed"], messages=opening["messages"])
        self.tokens = Tokens(settings.accounts, settings.token_lifetime, settings.grant_lifetime)
        self.changed: Callable[[str, str], None] = lambda email, op: None
        self.folder = None if settings.corpus is None else Folder(settings.corpus, int(self.settings.now * 1000))
        self.watches: dict[str, Watch] = {}
        self.topics: dict[str, bool] | None = (
            None  # of Pub/Sub, with whether Gmail may publish there; None: all there are
        )
        self._mailboxes: dict[str, Mailbox] = {}
        self._delivered = delivered.Delivered()
        self._deeds: dict[str, Callable[[Any], object]] = {
            "deliver": self._deliver,
            "labels": self._labels,
            "delete": self._delete,
            "expire-history": self._expire_history,
            "revoke": self._revoke,
            "grant": self._grant,
            "label": self._label,
            "rename-label": self._rename_label,
            "delete-label": self._delete_label,
            "watch": self._watch,
            "stop": self._stop,
        }
        for deed in self._journal.deeds():
            if deed["email"] in settings.accounts:
                self._deeds[str(deed["op"])](deed)

    def mailbox(self, email: str) -> Mailbox:
        """The mailbox of an account. Raises KeyError."""
        if email not in self._mailboxes:
            if email not in self.settings.accounts:
                raise KeyError(email)
            box = Mailbox(email, history_id=FIRST_HISTORY_ID, history_ttl=self.settings.history_ttl)
            box.fill(self._seeded(email, self.settings.messages).mail() if self.folder is None else self.folder.mail())
            self._mailboxes[email] = box
        return self._mailboxes[email]

    def holds(self, email: str, id: str) -> bool:
        """Whether the mailbox has a message of this id."""
        try:
            return int(id, 16) in self.mailbox(email).messages
        except ValueError:
            return False

    def _seeded(self, email: str, messages: int) -> Seeded:
        return Seeded.of(email, self.settings.seed, int(self.settings.now * 1000), messages)

    def perform(self, op: str, at: float, *, email: str, **details: object) -> Any:
        """Do a deed at `at` (seconds since 1970), keep it, tell `changed`. Raises KeyError for what does not exist."""
        deed: Deed = {"op": op, "at": at, "email": email, **details}
        result = self._deeds[op](deed)
        self._journal.append(deed)
        self.changed(email, op)
        return result

    def _deliver(self, deed: Any) -> list[str]:
        box = self.mailbox(deed["email"])
        specs: Iterable[dict[str, Any]] = deed.get("messages") or [{"seeded": True} for _ in range(int(deed["count"]))]
        return [self._arrive(box, spec, deed["at"]) for spec in specs]

    def _arrive(self, box: Mailbox, spec: dict[str, Any], at: float) -> str:
        box.delivered += 1
        date = int(spec.get("internalDate", at * 1000))
        number = box.free_number(date)
        thread = int(spec["threadId"], 16) if "threadId" in spec else number
        labels = frozenset(spec.get("labelIds", ARRIVED))
        if spec.get("seeded"):
            message = self._letter(box, number, date)
        else:
            raw = (
                urlsafe_b64decode(spec["raw"]) if "raw" in spec else delivered.write(spec, box.email, at, box.delivered)
            )
            message = Message(number, thread, date, len(raw), labels, 0, self._delivered, self._delivered.keep(raw))
        box.add(message, at)
        return message.id

    def _letter(self, box: Mailbox, number: int, date: int) -> Message:
        return self._seeded(box.email, 0).addition(box.delivered, number, date, ARRIVED)

    def _labels(self, deed: Any) -> None:
        box = self.mailbox(deed["email"])
        for number in [int(id, 16) for id in deed["ids"]]:
            box.relabel(number, deed.get("add", ()), deed.get("remove", ()), deed["at"])

    def _delete(self, deed: Any) -> None:
        box = self.mailbox(deed["email"])
        for number in [int(id, 16) for id in deed["ids"]]:
            box.delete(number, deed["at"])

    def _expire_history(self, deed: Any) -> None:
        self.mailbox(deed["email"]).history.expire()

    def _label(self, deed: Any) -> str:
        return self.mailbox(deed["email"]).add_label(deed["name"]).id

    def _rename_label(self, deed: Any) -> None:
        self.mailbox(deed["email"]).rename_label(deed["id"], deed["name"])

    def _delete_label(self, deed: Any) -> None:
        self.mailbox(deed["email"]).delete_label(deed["id"], deed["at"], silent=deed["silent"])

    def _watch(self, deed: Any) -> None:
        labels = frozenset(deed["labels"])
        self.watches[deed["email"]] = Watch(deed["topic"], labels, deed["behaviour"] != "exclude", deed["expires"])

    def _stop(self, deed: Any) -> None:
        self.watches.pop(deed["email"], None)

    def _grant(self, deed: Any) -> None:
        expires = float(deed.get("expires") or math.inf)
        self.tokens.grant(deed["token"], Grant(deed["email"], frozenset(deed["scopes"]), expires))

    def _revoke(self, deed: Any) -> None:
        for token in [token for token, grant in self.tokens.grants.items() if grant.email == deed["email"]]:
            if deed.get("token") in (None, token):
                del self.tokens.grants[token]
