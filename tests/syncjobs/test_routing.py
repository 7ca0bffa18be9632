import subprocess
import sys

LOADED = """
import sys
import config.celery
config.celery.app.loader.import_default_modules()
print(*sorted(sys.modules))
"""


def test_background_tasks_load_nothing_of_the_socket_server() -> None:
    """Mounting the sockets once broke the tasks: the two must not know each other."""
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(run.stdout.split())
    assert {"config.celery", "syncjobs.tasks", "mailsync.tasks"} <= loaded
    assert not loaded & {"config.asgi", "syncjobs.routing", "syncjobs.consumers"}
