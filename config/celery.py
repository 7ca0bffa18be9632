"""The Celery application that rings for work."""

import gc
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_process_shutdown

from config import pulse as pulse  # listens for the beginning of the clock
from config import tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if Path(sys.argv[0]).name == "celery":
    os.environ.setdefault("MAILSYNC_ROLE", "worker")
if os.environ.get("MAILSYNC_ROLE") == "worker":
    # Django's checks load every page and the whole API, a tenth of a worker's memory; they ran when the database was migrated.
    os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("mailsync")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["syncjobs", "mailsync"])


@worker_init.connect
def _share_memory(**_: Any) -> None:
    """Before the children are forked: what is loaded is never collected, so their collectors do not write to its pages.

    Each write copies a page: a child took 52 MB of its own before it had done anything, takes 11, and is there sooner.
    """
    gc.collect()
    gc.freeze()


@worker_process_init.connect
def _begin_to_tell(**_: Any) -> None:
    tracing.begin()


@worker_process_shutdown.connect
def _tell_the_rest(**_: Any) -> None:
    tracing.end()


# Only JSON is accepted from the broker, so what Celery fears of root (unpickling strangers' code) cannot happen.
warnings.filterwarnings("ignore", message=r"\s*You're running the worker with superuser privileges")
