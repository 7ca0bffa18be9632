"""Who did what of consequence, kept for a year and never changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from syncjobs.clock import SyncNow


class AuditEvent(models.Model):
    """One line of the log. It refers to nothing, so that it outlives users and mailboxes.

    A trigger refuses to change a line, or to delete one that is younger than a year.
    """

    at = models.DateTimeField(_("when"), db_default=SyncNow(), editable=False)
    action = models.CharField(_("action"), max_length=40)
    actor = models.CharField(_("by"), max_length=150, blank=True, help_text=_("A user's name; empty: nobody known."))
    # A number, not the address: of an erased mailbox nothing must be left.
    mailbox = models.BigIntegerField(_("mailbox"), null=True)
    address = models.GenericIPAddressField(_("network address"), null=True)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit log")
        indexes = [
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} #{self.pk}"
