"""List the labels to browse, with how much is under each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mailsync.dashboard.words import SYSTEM_LABELS, label_name
from mailsync.models import Account, Label, LabelCount

ALWAYS = ["INBOX", "STARRED", "IMPORTANT", "SENT", "DRAFT", "UNREAD", "SPAM", "TRASH"]
DEEPEST = 4
MOST_LABELS = 1_000  # of a mailbox; Gmail's own limit is 10,000, nobody reads as many

Key = tuple[int, str]  # account, label id


@dataclass(frozen=True, slots=True)
class Place:
    """A label to browse; `account` where its id says nothing without one, `depth` of its nesting."""

    id: str
    name: str
    full_name: str
    total: int
    unread: int
    account: int | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Places under a heading, which may be empty."""

    heading: str
    places: list[Place]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of some mailboxes; ids of people's own labels are the same in several mailboxes and mean different things."""

    accounts: Sequence[Account]
    names: Mapping[Key, str]
    counts: Mapping[Key, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Sequence[Account]) -> "Labels":
        """Read them, in two queries."""
        labels = Label.objects.filter(account__in=accounts).order_by("name")
        names = {(account, id_): name for account, id_, name in labels.values_list("account", "label_id", "name")}
        rows = LabelCount.objects.labels_of(accounts).values_list("account", "label_id", "total", "unread")
        return cls(accounts, names, {(account, id_): (total, unread) for account, id_, total, unread in rows})

    def name(self, label_id: str, account: int | None = None) -> str:
        """What it is called, in this mailbox or the first that has it."""
        among = [account] if account else [each.pk for each in self.accounts]
        return label_name(
            label_id, next((self.names[each, label_id] for each in among if (each, label_id) in self.names), "")
        )

    def groups(self) -> list[Group]:
        """Gmail's own labels, then those of each mailbox."""
        several = len(self.accounts) > 1
        own = [Group(each.email if several else "", self._own(each, several)) for each in self.accounts]
        return [Group("", self._system()), *(group for group in own if group.places)]

    def _system(self) -> list[Place]:
        total, unread = Counter[str](), Counter[str]()
        for (_, label), (all_, new) in self.counts.items():
            total[label] += all_
            unread[label] += new
        shown = ALWAYS + [each for each in SYSTEM_LABELS if each not in ALWAYS and total[each]]
        return [Place(each, (name := label_name(each)), name, total[each], unread[each]) for each in shown]

    def _own(self, account: Account, several: bool) -> list[Place]:
        labels = [(name, id_) for (owner, id_), name in self.names.items() if owner == account.pk]
        own = sorted((name.casefold().split("/"), name, id_) for name, id_ in labels if id_ not in SYSTEM_LABELS)
        known = {name for _, name, _ in own}
        return [self._place(account, id_, name, known, several) for _, name, id_ in own[:MOST_LABELS]]

    def _place(self, account: Account, id_: str, name: str, known: set[str], several: bool) -> Place:
        """Under its parent where there is one, as in Gmail."""
        parents = [at for at, letter in enumerate(name) if letter == "/" and name[:at] in known]
        short = name[parents[-1] + 1 :] if parents else name
        total, unread = self.counts.get((account.pk, id_), (0, 0))
        return Place(
            id_, short or name, name, total, unread, account.pk if several else None, min(len(parents), DEEPEST)
        )
