import os
from collections.abc import Callable
from typing import Any

from config.embedded import claim
from config.embedded.home import Home

HOLD = """
import sys
from pathlib import Path
from config.embedded import claim
from config.embedded.home import Home
lock = claim.Lock(Home(Path(sys.stdin.readline().strip())), claim.CLAIM)
print(lock.take(), flush=True)
sys.stdin.read()
"""


def test_a_home_has_one_holder(home: Home) -> None:
    first, second = claim.Lock(home, claim.CLAIM), claim.Lock(home, claim.CLAIM)
    assert first.take()
    assert claim.is_held(home)
    assert not second.take(timeout=0.1)
    first.release()
    assert second.take()
    second.release()
    assert not claim.is_held(home)


def test_the_claim_of_a_holder_that_was_killed_is_free(home: Home, run_python: Callable[..., Any]) -> None:
    holder = run_python(HOLD, os.environ)
    holder.stdin.write(f"{home.path}\n")
    holder.stdin.flush()
    assert holder.stdout.readline().strip() == "True"
    assert claim.is_held(home)
    holder.kill()
    holder.wait(10)
    assert not claim.is_held(home)


def test_clients_share_a_lock_that_its_owner_waits_for(home: Home) -> None:
    one, other, owner = (claim.Lock(home, claim.CLIENTS) for _ in range(3))
    assert one.take(shared=True)
    assert other.take(shared=True)
    assert not owner.take()
    one.release()
    other.release()
    assert owner.take()
    owner.release()


def test_what_is_published_can_be_read_until_it_is_withdrawn(home: Home) -> None:
    assert claim.published(home) is None
    claim.publish(home, "script/server", {"DATABASE_URL": "postgres://x"})
    assert claim.published(home) == claim.Running(os.getpid(), "script/server", {"DATABASE_URL": "postgres://x"})
    claim.withdraw(home)
    assert claim.published(home) is None


def test_a_damaged_state_file_says_nothing(home: Home) -> None:
    (home.path / claim.STATE).write_text('{"pid": 1')
    assert claim.published(home) is None
