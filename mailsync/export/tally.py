"""Count what an export took out, note what it could not have."""

from collections.abc import Callable, Iterable, Iterator

from mailsync.export.originals import Found, Missing

MOST_NOTED = 100


class Tally:
    """`messages` and `bytes` that were had; how many are `missing`, the first of them `noted` as (Gmail id, code)."""

    def __init__(self, on_missing: Callable[[Missing], None] = lambda _: None) -> None:
        self.messages = self.bytes = self.missing = 0
        self.noted: list[tuple[str, str]] = []
        self._on_missing = on_missing

    def of(self, found: Iterable[Found]) -> Iterator[Found]:
        """The same, counted."""
        for each in found:
            if isinstance(each, Missing):
                self._miss(each)
            else:
                self.messages += 1
                self.bytes += len(each.raw)
            yield each

    def _miss(self, each: Missing) -> None:
        self.missing += 1
        if len(self.noted) < MOST_NOTED:
            self.noted.append((each.message.gmail_id, each.code))
        self._on_missing(each)
