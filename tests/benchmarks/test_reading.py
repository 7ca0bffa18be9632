import subprocess
import sys
import time

import psutil

from tests.benchmarks.reading import Reading, cpu_of, measured

BURN = "import time\nwhile time.process_time() < 0.3: pass"
STAY = "import time\nprint('done', flush=True)\ntime.sleep(60)"
BURNING_CHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])\n{STAY}"


def test_the_cpu_of_children_that_have_ended_is_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", BURNING_CHILD], stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"done\n"
            times = psutil.Process(parent.pid).cpu_times()
            assert cpu_of(parent.pid) >= times.user + times.system + 0.25
        finally:
            parent.kill()


def test_the_cpu_of_children_that_live_is_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", f"{BURN}\n{STAY}"], stdout=subprocess.PIPE) as child:
        try:
            before = cpu_of(psutil.Process().pid)
            assert child.stdout is not None
            assert child.stdout.readline() == b"done\n"
            assert cpu_of(psutil.Process().pid) - before >= 0.1
        finally:
            child.kill()


def test_a_reading_is_what_the_work_took() -> None:
    def work() -> int:
        time.sleep(0.1)
        return 7

    reading = measured(work, psutil.Process().pid)
    assert reading.messages == 7
    assert reading.seconds >= 0.1
    assert Reading.loads(reading.dumps()) == reading
