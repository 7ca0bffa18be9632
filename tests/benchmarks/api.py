"""The API over a mailbox of 100,000 messages, beside a view that does nothing."""

import subprocess
import sys
from collections.abc import Iterable, Iterator

from tests.benchmarks.stage import TO_PREPARE, Stage, stage
from tests.benchmarks.table import aligned
from tests.benchmarks.web import Caller, Times, percentile, web
from tests.flows.product import ROOT

MODEL = 2_000  # messages that are synced, then multiplied
TO_FILL = 600.0  # seconds
HEADS = ("api", "p50 ms", "p95 ms", "measure", "target", "")
TIMES_EMPTY = 3.0
MAIL_P95 = 50.0
LATER = 1.5  # a later page may take so many times the first: the noise of a machine, no growth
PAGE, HUNDREDTH = 50, 99 * 50
BIG_PAGE = 200

SEARCHES = {
    "": "all mail",
    "the": "a word of every third mail",
    "topic5": "a word of every thousandth mail",
    "case777": "a word of one mail",
    "xyzzy": "a word of no mail",
    "the बैठक": "two words that never meet",
    '"have attached"': "a phrase",
    "from:example": "every sender",
    "from:garcon": "one sender",
    "from:nobody": "no sender",
    "to:bench": "every recipient",
    "subject:lisbon": "part of a subject",
    "label:inbox is:unread": "two labels",
    "label:label_9 in:trash": "two rare labels",
    "has:attachment": "with files",
    "filename:.pdf": "a file's name",
    "larger:1M": "the big ones",
    "before:2024/01/01": "the old ones",
    "after:2026/03/01 before:2026/03/02": "thousands of one second",
    "hello OR invoice": "one of two words",
    "hello -is:unread": "a word, less a label",
    "-the": "all but a word",
    "会议": "a Chinese word",
    "会议室": "a Chinese word of three letters",
    "会": "a letter of many mails",
    "坐": "a letter of few mails",
    "お世話": "a Japanese word",
    "회의": "a Korean word",
    "议会": "a Chinese word of no mail",
    "室会议": "pairs that never meet",
    "subject:会议": "a Chinese word of subjects",
    "from:佐藤": "one Japanese sender",
    "filename:预算": "a file's Chinese name",
    '"有空来家里坐坐"': "a Chinese phrase",
}
FEW = ("", "the", "topic5")
Row = tuple[str, ...]


def run() -> str:
    """The table; everything is asked of one web process by one client, one call after the other."""
    with stage(MODEL) as servers:
        held = servers.run("mailboxes", within=TO_FILL).messages
        with web(servers) as address:
            callers = {name: Caller(address, token(servers, name)) for name in ("model", "one", "two")}
            rows = [*views(callers["model"]), *lists("one mailbox", callers["one"], SEARCHES)]
            rows += lists("two mailboxes", callers["two"], SEARCHES)
            rows += lists("one of the two", callers["two"], FEW, account=largest(callers["two"]))
    failed = sum(row[-1] == "FAIL" for row in rows)
    head = f"The API over mailboxes of 100,000 and 20,000 messages, {held:,} in all: one process, one client\n\n"
    return head + aligned(HEADS, rows) + f"\n\n{failed or 'none'} of {len(rows)} missed its target"


def token(servers: Stage, name: str) -> str:
    """A key to the API."""
    command = [sys.executable, "manage.py", "create_api_token", name]
    done = subprocess.run(
        command, cwd=ROOT, env=servers.environment, capture_output=True, text=True, timeout=TO_PREPARE, check=True
    )
    return done.stdout.splitlines()[-1]


def views(caller: Caller) -> Iterator[Row]:
    """What is asked again and again while a sync runs, in multiples of the view that does nothing."""
    empty = caller.times("/api/empty/")
    yield row("an empty view", empty, "", "", True)
    job = caller.get("/api/jobs/")["results"][0]["task_id"]
    for name, path in (("GET /api/sync/status", "/api/sync/status"), ("GET /api/jobs/{id}/", f"/api/jobs/{job}/")):
        times = caller.times(path)
        ratios = [percentile(times, share) / percentile(empty, share) for share in (50, 95)]
        yield row(name, times, " ".join(f"{ratio:.2f}" for ratio in ratios), "3 x empty", max(ratios) <= TIMES_EMPTY)


def lists(whose: str, caller: Caller, searches: Iterable[str], **account: int) -> Iterator[Row]:
    """The first and the hundredth page of each search, or the last full one before."""
    for q in searches:
        first = caller.times("/api/messages/", q=q, page_size=PAGE, **account)
        title = f"{whose}: {SEARCHES[q]}"
        yield row(title, first, "", f"{MAIL_P95:.0f} ms", percentile(first, 95) <= MAIL_P95)
        page, address = later(caller, q, account)
        if page < 2:
            continue
        times = caller.times(address)
        ratio = percentile(times, 50) / percentile(first, 50)
        kept = percentile(times, 95) <= MAIL_P95 and ratio <= LATER
        yield row(f"  page {page}", times, f"{ratio:.2f} x first", f"{MAIL_P95:.0f} ms, {LATER} x first", kept)


def later(caller: Caller, q: str, account: dict[str, int]) -> tuple[int, str]:
    """(number, address) of the hundredth page, or of the last one that is full."""
    passed, address = 0, ""
    answer = caller.get("/api/messages/", q=q, page_size=BIG_PAGE, **account)
    while answer["next"] and passed < HUNDREDTH:
        passed += len(answer["results"])
        size = BIG_PAGE if HUNDREDTH - passed >= BIG_PAGE else PAGE
        address = answer["next"].replace(f"page_size={BIG_PAGE}", f"page_size={size}")
        if passed >= HUNDREDTH:
            break
        answer = caller.get(address)
    return passed // PAGE + 1, address.replace(f"page_size={BIG_PAGE}", f"page_size={PAGE}")


def largest(caller: Caller) -> int:
    """The id of the account that was connected first."""
    return min(each["id"] for each in caller.get("/api/accounts/")["results"])


def row(name: str, times: Times, measure: str, target: str, kept: bool) -> Row:
    """One line of the table."""
    figures = [f"{percentile(times, share):.1f}" for share in (50, 95)]
    return (name, *figures, measure, target, ("ok" if kept else "FAIL") if target else "")
