"""What a worker loads, and what it leaves to the web processes."""

import json
import os
import subprocess
import sys

from django.apps import apps

from config.embedded.home import CHECKOUT

LOAD = """
import json, sys
sys.argv = ["celery"]
from config.celery import app
app.loader.import_default_modules()
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from syncjobs import memory
loaded = sorted(sys.modules)
print(json.dumps({
    "loaded": loaded, "tasks": sorted(app.tasks), "models": sorted(model._meta.label for model in apps.get_models()),
    "address": reverse("settings"), "gives back": memory.give_back_what_is_big(),
}))
"""
FREEZE = """
import gc, sys
sys.argv = ["celery"]
from config.celery import app
from celery.signals import worker_init
app.loader.import_default_modules()
print(gc.get_freeze_count())
worker_init.send(sender=None)
print(gc.get_freeze_count(), len(gc.get_objects()))
"""
ONLY_WEB = ("mailsync.dashboard", "mailsync.api", "mailsync.admin", "rest_framework.views", "drf_spectacular.openapi")


def test_a_worker_knows_every_model_and_address_but_loads_no_page_before_it_needs_one() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MAILSYNC_ROLE"}
    command = [sys.executable, "-c", LOAD]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert [name for name in found["loaded"] if name.startswith(ONLY_WEB)] == []
    assert {"syncjobs.run", "mailsync.tick", "mailsync.notices"} <= set(found["tasks"])
    assert set(found["models"]) == {m._meta.label for m in apps.get_models() if m.__module__.split(".")[0] != "tests"}
    assert found["address"].endswith("/settings/")
    assert found["gives back"] is sys.platform.startswith("linux")


def test_what_is_loaded_before_the_children_are_forked_is_never_collected() -> None:
    """Nor written to by a child's collector, which would make each page its own."""
    told = subprocess.run(
        [sys.executable, "-c", FREEZE], cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60
    )
    before, after, left = map(int, told.stdout.split())
    assert before == 0 and after > 50_000 and left < after / 10
