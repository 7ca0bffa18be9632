import asyncio
import subprocess
import sys

import pytest

from syncjobs import loop

FORK = """
import asyncio, os
from syncjobs import loop

async def double(number):
    return 2 * number

assert loop.run(double(1), seconds=5) == 2
child = os.fork()
if not child:
    os._exit(loop.run(double(20), seconds=5))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 40
assert loop.run(double(2), seconds=5) == 4
"""


async def running() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


async def fail() -> None:
    raise OSError("no")


async def sleep() -> None:
    await asyncio.sleep(60)


def test_all_coroutines_share_a_loop() -> None:
    assert loop.run(running(), seconds=5) is loop.run(running(), seconds=5)


def test_what_a_coroutine_raises_is_heard() -> None:
    with pytest.raises(OSError, match="no"):
        loop.run(fail(), seconds=5)


def test_a_coroutine_that_hangs_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        loop.run(sleep(), seconds=0.05)
    assert loop.run(running(), seconds=5)


def test_a_forked_worker_has_a_loop_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", FORK], timeout=30, check=True)
