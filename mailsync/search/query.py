"""Turn a search into a query."""

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_

from django.db.models import Q, QuerySet
from django.utils import timezone

from mailsync.indexing.words import cut
from mailsync.models import Account, Label, Message
from mailsync.search.conditions import HIDDEN, OF_TIME, OPERATORS, Asker, condition, pieces, slug
from mailsync.search.grammar import Either, Every, Node, Not, Term, parse, positive, terms
from mailsync.search.matching import Match

NAMES_SPAM_OR_TRASH = {"spam", "trash", "anywhere", "deleted"}


def search(
    messages: QuerySet[Message], q: str, accounts: Iterable[Account] = (), *, hidden: bool = False
) -> QuerySet[Message]:
    """Messages that match; as in Gmail, spam and trash only where `q` names them, the deleted only with in:deleted.

    `accounts` tell what labels are called; `hidden`: spam and trash are wanted whatever `q` names.
    """
    return within(messages, q, hidden=hidden).filter(matching(q, accounts).by_index())


def within(messages: QuerySet[Message], q: str, *, hidden: bool = False) -> QuerySet[Message]:
    """Those of the places in which `q` searches, whether they match or not."""
    places = {term.value.lower() for term in positive(parse(q)) if term.operator in {"in", "label"}}
    if "deleted" not in places:
        messages = messages.filter(deleted_at=None)
    wanted = hidden or bool(places & NAMES_SPAM_OR_TRASH)
    return messages if wanted else messages.exclude(labels__overlap=list(HIDDEN))


def matching(q: str, accounts: Iterable[Account] = ()) -> Match:
    """What the messages have that match."""
    tree = parse(q)
    return _where(tree, _asker(tree, accounts))


def span(q: str) -> Q:
    """The stretch of time in which everything lies that matches `q`: where its list begins."""
    tree, asker = parse(q), _asker(parse(""), ())
    nodes = tree.nodes if isinstance(tree, Every) else (tree,)
    found = Q()
    for node in nodes:
        if isinstance(node, Term) and node.operator in OF_TIME:
            moment = OPERATORS[node.operator](node.value, asker)
            found &= moment if isinstance(moment, Q) else Q()
    return found


def has_phrase(q: str) -> bool:
    """Whether words are to stand side by side, which is seen in the text alone."""
    told = (term for term in terms(parse(q)) if term.phrase or not term.operator)
    return any(len(cut(piece)) > 1 for term in told for piece in pieces(term))


def _asker(tree: Node, accounts: Iterable[Account]) -> Asker:
    labels: dict[str, list[tuple[int, str]]] = {}
    accounts = list(accounts)
    if any(term.operator in {"label", "in"} for term in terms(tree)):
        rows = Label.objects.filter(account__in=accounts).values_list("name", "account_id", "label_id")
        for name, account, label_id in rows:
            labels.setdefault(slug(name), []).append((account, label_id))
    addresses = [(account.pk, account.email) for account in accounts]
    return Asker(labels, addresses, timezone.now(), timezone.get_current_timezone())


def _where(node: Node, asker: Asker) -> Match:
    if isinstance(node, Term):
        return condition(node, asker)
    if isinstance(node, Not):
        return ~_where(node.node, asker)
    matches = [_where(each, asker) for each in node.nodes] or [Match.of(Q())]
    return reduce(or_ if isinstance(node, Either) else and_, matches)
