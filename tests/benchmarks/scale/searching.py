"""Searches, lists, deep pages of a mailbox of a million messages, asked of one web process by one client."""

from tests.benchmarks.api import later, token
from tests.benchmarks.scale.kept import million
from tests.benchmarks.scale.measured import Measured
from tests.benchmarks.table import aligned
from tests.benchmarks.targets import figure
from tests.benchmarks.web import Caller, percentile, web

FIRST_P95 = 150.0  # milliseconds
PAGE = 50
LISTS = {"": "all mail"}
SEARCHES = {
    "the": "a word of most English mail",
    "meeting": "a common word",
    "invoice": "a word of every tenth mail",
    "lisbon": "a word of every fiftieth mail",
    "quorum": "a rare word",
    "zeppelin": "a word of a few mails",
    "topic5": "a word of every thousandth mail",
    "case777777": "a word of one mail",
    "xyzzy": "a word of no mail",
    "meeting invoice": "two common words",
    "lisbon quorum": "two rare words",
    "the что": "two words that seldom meet",
    '"the meeting"': "a phrase",
    '"invoice lisbon"': "a phrase of no mail or few",
    "subject:invoice": "part of a subject",
    "from:zh5.example": "a domain of senders",
    "from:nobody": "no sender",
    "to:en7.example": "a domain of recipients",
    "label:inbox is:unread": "two labels",
    "label:project-59": "a rare label",
    "label:project-1 in:trash": "two labels that seldom meet",
    "has:attachment": "with files",
    "has:attachment lisbon": "a word, with files",
    "filename:budget": "a file's name",
    "larger:5M": "the big ones",
    "before:2018/01/01": "the old ones",
    "before:2018/01/01 lisbon": "a word in the old ones",
    "after:2020/03/01 before:2020/04/01 meeting": "a word in one month",
    "hello OR quorum": "one of two words",
    "meeting -invoice": "one word without another",
    "-the": "all but a word",
    "rechnung": "a German word",
    "счёт": "a Russian word",
    "会议": "a common Chinese word",
    "合同书": "a rare Chinese word",
    "会议发票": "two Chinese words side by side",
    "お世話": "a Japanese word",
    "회의": "a Korean word",
    "subject:会议": "a Chinese word of subjects",
    "是不是没有": "a Chinese phrase of no mail",
}
HEADS = ("search", "p50 ms", "p95 ms", "page", "p50 ms", "p95 ms")


def rows() -> Measured:
    """p95 of all first pages together; of lists and of later pages, to compare."""
    with million() as (servers, _), web(servers) as address:
        caller = Caller(address, token(servers, "million"))
        first: list[float] = []
        deep: list[float] = []
        listing: list[float] = []
        lines = []
        for q, name in {**LISTS, **SEARCHES}.items():
            times = caller.times("/api/messages/", q=q, page_size=PAGE)
            number, there = later(caller, q, {})
            after = caller.times(there) if number > 1 else []
            lines.append([f"{name}: {q}", *_both(times), f"{number}" if after else "", *_both(after)])
            (first if q else listing).extend(times)
            deep += after
    found = [
        figure(
            f"first page of {len(SEARCHES)} searches in 1,000,000 messages: p95, ms",
            percentile(sorted(first), 95),
            FIRST_P95,
        ),
        figure("  p50 of the same, ms", percentile(sorted(first), 50), FIRST_P95),
        figure("  the hundredth page, or the last full one: p95, ms", percentile(sorted(deep), 95), FIRST_P95),
        figure("  the list without a search: p95, ms", percentile(listing, 95), FIRST_P95),
    ]
    return Measured(found, aligned(HEADS, lines))


def _both(times: list[float]) -> list[str]:
    return [f"{percentile(times, share):.1f}" for share in (50, 95)] if times else ["", ""]
