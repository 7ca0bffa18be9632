"""The Django app of the jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncJobsConfig(AppConfig):
    """Jobs, their events, the heartbeats of those who run them."""

    name = "syncjobs"
    verbose_name = _("Sync jobs")
