"""What one message of 50 MiB adds to a worker's memory."""

import base64
from collections.abc import Iterator
from random import Random

from tests.benchmarks.passes import Bench, prepared
from tests.benchmarks.targets import Row, figure

SMALL, BIG = "small@example.com", "big@example.com"
SIZE = 50 * 1024 * 1024
FEW = 100


def rows() -> Iterator[Row]:
    """A full pass over a mailbox with it, beside one over a mailbox without; then its arrival."""
    with prepared(FEW, SMALL, BIG) as bench:
        without = bench.sync(small := bench.connect(SMALL)).peak
        arrive(bench, BIG)
        yield added("in a full pass", bench.sync(bench.connect(BIG)).peak - without)
        arrive(bench, SMALL)
        yield added("newly arrived", bench.sync(small).peak - without)


def added(when: str, megabytes: float) -> Row:
    """In multiples of the message."""
    return figure(f"a message of 50 MiB {when} adds, times its size", megabytes * 1e6 / SIZE, 4)


def arrive(bench: Bench, email: str) -> None:
    """A letter with a film, which no compressor makes any smaller than it is without its base64."""
    head = (
        b"From: a@example.com\r\nSubject: film\r\nContent-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    raw = base64.urlsafe_b64encode(head + base64.encodebytes(Random(1).randbytes(SIZE * 3 // 4)))
    bench.servers.gmail.control("deliver", email=email, messages=[{"raw": raw.decode()}])
