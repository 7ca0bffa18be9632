"""The Django app of the product."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailsyncConfig(AppConfig):
    """Accounts and their mail."""

    name = "mailsync"
    verbose_name = _("Mail")
