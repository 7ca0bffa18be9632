"""Read Gmail's search language, where nothing is an error: what makes no sense is a word."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST_TERMS = 50
DEEPEST = 10
OPERATORS = frozenset(
    {"from", "to", "cc", "subject", "label", "category", "in", "is", "has", "filename", "larger", "smaller", "size"}
    | {"before", "after", "older", "newer", "older_than", "newer_than", "rfc822msgid"}
)
BRACKETS = {"(": ")", "{": "}"}
BREAKS = frozenset('(){}"')
# What phones and keyboards of other languages write instead.
TYPED = {0x00: " ", 0x201C: '"', 0x201D: '"', 0xFF02: '"'}


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase, of an operator or (operator "") of the mail itself."""

    value: str
    operator: str = ""
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """What does not match."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class Every:
    """All of them match."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of them matches."""

    nodes: tuple["Node", ...]


Node = Term | Not | Every | Either


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the query: a bracket, a minus, an operator before a bracket or quote, or a term."""

    kind: str  # "open" | "close" | "minus" | "operator" | "term" | "or" | "and"
    text: str = ""
    phrase: bool = False


def parse(q: str) -> Node:
    """The query as a tree; everything matches an empty one."""
    return _Parser(list(tokens(q.translate(TYPED)))).sequence(0, "")


def terms(node: Node) -> Iterator[Term]:
    """Every term of the tree."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Not):
        yield from terms(node.node)
    else:
        for each in node.nodes:
            yield from terms(each)


def positive(node: Node) -> Iterator[Term]:
    """Its terms but for those that a match must not have."""
    if isinstance(node, Term):
        yield node
    elif not isinstance(node, Not):
        for each in node.nodes:
            yield from positive(each)


def tokens(q: str) -> Iterator[Token]:
    """Cut the query; a quote without its other half is no quote."""
    at = 0
    while at < len(q):
        character = q[at]
        if character.isspace():
            at += 1
        elif character == '"':
            end = q.find('"', at + 1)
            if end > at + 1:
                yield Token("term", q[at + 1 : end], phrase=True)
            at = max(end, at) + 1
        elif character in "({":
            yield Token("open", character)
            at += 1
        elif character in ")}":
            yield Token("close", character)
            at += 1
        elif character == "-":
            yield from [Token("minus")] if at + 1 < len(q) and not q[at + 1].isspace() else []
            at += 1
        else:
            end = _end_of_word(q, at)
            yield _word(q[at:end])
            at = end


def _end_of_word(q: str, at: int) -> int:
    end = at
    while end < len(q) and not q[end].isspace() and q[end] not in BREAKS:
        end += 1
    return end


def _word(text: str) -> Token:
    name, wide, value = text.partition("\uff1a")
    if wide and name.lower() in OPERATORS:
        text = f"{name}:{value}"
    if text in {"OR", "|"}:
        return Token("or")
    if text == "AND":
        return Token("and")  # which is what stands between any two terms anyway
    if text.endswith(":") and text[:-1].lower() in OPERATORS:
        return Token("operator", text[:-1].lower())
    return Token("term", text)


class _Parser:
    """Recursive descent over the tokens, bounded in depth and terms."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens, self.at, self.terms = found, 0, 0

    def sequence(self, depth: int, closing: str) -> Node:
        """Everything up to `closing`; OR ties its two neighbours before the rest is tied by AND, as in Gmail."""
        nodes: list[Node] = []
        alternative = False
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.kind == "close":
                if token.text == closing:
                    break
                continue
            if token.kind == "and":
                continue
            if token.kind == "or":
                alternative = bool(nodes)
                continue
            node = self.item(token, depth)
            if node is None:
                continue
            if alternative:
                node, alternative = Either((nodes.pop(), node)), False
            nodes.append(node)
        return nodes[0] if len(nodes) == 1 else (Either if closing == "}" else Every)(tuple(nodes))

    def item(self, token: Token, depth: int) -> Node | None:
        """One node that begins with `token`; None where nothing comes of it."""
        if token.kind in {"minus", "operator"}:
            inner = self.next_item(depth + 1) if depth < DEEPEST else None
            if inner is None:
                return None
            return Not(inner) if token.kind == "minus" else _of_operator(inner, token.text)
        if token.kind == "open":
            return self.sequence(depth + 1, BRACKETS[token.text]) if depth < DEEPEST else None
        self.terms += 1
        return _term(token) if self.terms <= MOST_TERMS else None

    def next_item(self, depth: int) -> Node | None:
        """What a minus or an operator stands before."""
        if self.at >= len(self.tokens) or self.tokens[self.at].kind in {"close", "or", "and"}:
            return None
        token = self.tokens[self.at]
        self.at += 1
        return self.item(token, depth)


def _term(token: Token) -> Term:
    name, colon, value = token.text.partition(":")
    if not token.phrase and colon and value and name.lower() in OPERATORS:
        return Term(value, name.lower())
    return Term(token.text, phrase=token.phrase)


def _of_operator(node: Node, operator: str) -> Node:
    """`subject:(a b)`: the operator is each term's that has none."""
    return _mapped(node, lambda term: term if term.operator else Term(term.value, operator, term.phrase))


def _mapped(node: Node, change: Callable[[Term], Term]) -> Node:
    if isinstance(node, Term):
        return change(node)
    if isinstance(node, Not):
        return Not(_mapped(node.node, change))
    return type(node)(tuple(_mapped(each, change) for each in node.nodes))
