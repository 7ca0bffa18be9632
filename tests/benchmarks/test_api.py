from typing import Any

import pytest

from tests.benchmarks.api import later


class Mailbox:
    """A list of so many mails, whose cursor is a number."""

    def __init__(self, size: int) -> None:
        self.size = size

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        if query:
            at, size = 0, query["page_size"]
        else:
            at, size = (int(part.partition("=")[2]) for part in path.removeprefix("/?").split("&")[::-1])
        end = min(at + size, self.size)
        link = f"/?page_size={size}&cursor={end}" if end < self.size else None
        return {"next": link, "results": [None] * (end - at)}


@pytest.mark.parametrize(
    ("size", "page", "address"),
    [
        (100_000, 100, "/?page_size=50&cursor=4950"),
        (4_960, 100, "/?page_size=50&cursor=4950"),
        (1_000, 17, "/?page_size=50&cursor=800"),
        (200, 1, ""),
    ],
)
def test_the_hundredth_page_is_asked_for_as_the_first_was(size: int, page: int, address: str) -> None:
    assert later(Mailbox(size), "", {}) == (page, address)  # type: ignore[arg-type]
