"""The Celery application that rings for work."""

import os
import sys
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if Path(sys.argv[0]).name == "celery":
    os.environ.setdefault("MAILSYNC_ROLE", "worker")

app = Celery("mailsync")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["syncjobs", "mailsync"])
