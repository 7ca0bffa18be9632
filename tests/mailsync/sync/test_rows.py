"""What of a mail becomes columns."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import zstandard

from gmail import mime
from mailsync.sync.rows import MOST_LISTED_ADDRESSES, addresses, body_row, unpacked_body

ROOT = Path(__file__).parents[3]


def test_more_recipients_than_gmail_would_send_to_are_all_listed() -> None:
    people = ", ".join(f"p{number}@example.com" for number in range(700))
    found = addresses(mime.parse(f"To: {people}\r\n\r\n".encode()).to)
    assert [each["email"] for each in found] == people.split(", ")
    assert len(found) < MOST_LISTED_ADDRESSES


def test_whichever_bit_of_a_text_is_damaged_it_is_damaged_and_no_lack_of_memory() -> None:
    whole, _ = body_row(mime.parse(b"Subject: x\r\n\r\n" + b"word " * 300))
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        with suppress(zstandard.ZstdError, ValueError):
            assert unpacked_body(bytes(data)) == unpacked_body(whole)


AT_ONCE = """
import os, threading
from mailsync.sync.rows import raw_row, unpacked

def pack(raw):
    for _ in range(300):
        assert unpacked(raw_row(raw)[0], len(raw)) == raw

threads = [threading.Thread(target=pack, args=(os.urandom(20_000) + bytes(20_000),)) for _ in range(6)]
for each in threads: each.start()
for each in threads: each.join()
print("whole")
"""


def test_threads_that_pack_and_unpack_at_once_do_not_take_the_process_down() -> None:
    ended = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "whole\n", "")
