"""The Django app of the product."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class MailsyncConfig(AppConfig):
    """Accounts and their mail."""

    name = "mailsync"
    verbose_name = _("Mail")

    def ready(self) -> None:
        """Listen to sign-ins, to accounts that go; the models that this needs exist only now."""
        autodiscover_modules("signing", "watch")
