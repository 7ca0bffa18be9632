"""The back office of jobs, with the mailbox of each."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from mailsync.models import Account
from syncjobs import texts
from syncjobs.admin import SyncJobAdmin
from syncjobs.models import SyncJob

MOST_ACCOUNTS = 200


class MailboxFilter(admin.SimpleListFilter):
    """By mailbox; where there are too many to list, a search for the address does it."""

    title = _("mailbox")
    parameter_name = "mailbox"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        """The mailboxes, by address; the chosen one at least."""
        found = Account.objects.order_by("email")
        shown = list(found[: MOST_ACCOUNTS + 1])
        if len(shown) > MOST_ACCOUNTS:
            chosen = self.value() or ""
            shown = list(found.filter(pk=int(chosen))) if chosen.isdecimal() else []
        return [(str(account.pk), account.email) for account in shown]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """The jobs of the chosen one: those that sync it, those that bring its raw bytes."""
        chosen = self.value() or ""
        if not chosen:
            return queryset
        account = Account(pk=int(chosen)) if chosen.isdecimal() else None
        return queryset.filter(resource__in=[account.resource, account.raw_resource] if account else [])


@admin.display(description=_("Jobs"))
def jobs_of(account: Account) -> str:
    """To the jobs of a mailbox: a column of the list of mailboxes."""
    address = reverse("admin:syncjobs_syncjob_changelist")
    return format_html('<a href="{}?mailbox={}">{}</a>', address, account.pk, _("Jobs"))


admin.site.unregister(SyncJob)


@admin.register(SyncJob)
class MailboxJobAdmin(SyncJobAdmin):
    """A job leads to its mailbox, its log."""

    list_display = [
        "task_id",
        "mailbox",
        "state",
        "progress",
        "doing",
        "mode",
        "trigger",
        "lease_age",
        "error",
        "log",
        "created_at",
    ]
    list_filter = [*SyncJobAdmin.list_filter, MailboxFilter]

    @admin.display(description=_("Mailbox"))
    def mailbox(self, job: SyncJob) -> str:
        """To the account."""
        account = job.facts.get("account")
        if account is None:
            return job.title
        return format_html('<a href="{}">{}</a>', reverse("admin:mailsync_account_change", args=[account]), job.title)

    @admin.display(description=_("Log"))
    def log(self, job: SyncJob) -> str:
        """To its events."""
        address = reverse("admin:syncjobs_syncjob_change", args=[job.pk])
        return format_html('<a href="{}#events-group">{}</a>', address, _("Events"))

    @admin.display(description=_("Phase"))
    def doing(self, job: SyncJob) -> str:
        """What it says of itself, in the reader's language."""
        return texts.text(job.kind, job.message_code, job.message_params) if job.is_active else "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """With the link to the mailbox on top."""
        return ["mailbox"]
