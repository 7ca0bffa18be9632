"""The back office of jobs, with the mailbox of each."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from mailsync.dashboard import words
from mailsync.models import Account
from mailsync.texts import MODES
from syncjobs import texts
from syncjobs.admin import SyncJobAdmin
from syncjobs.models import SyncJob
from syncjobs.naming import column

MOST_ACCOUNTS = 200
# What this side can say better than a job's own columns.
IN_WORDS = {"title_column": "mailbox", "phase_column": "step", "mode_column": "kind_of_sync"}


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


admin.site.enable_nav_sidebar = False  # the lists need the width
admin.site.unregister(SyncJob)


@admin.register(SyncJob)
class MailboxJobAdmin(SyncJobAdmin):
    """A job leads to its mailbox, its log."""

    list_display = [
        column("task_id", _("Job")),
        "mailbox",
        column("state", _("State")),
        "progress",
        "doing",
        "kind_of_sync",
        column("trigger", _("Asked for by")),
        "lease_age",
        "error",
        "log",
        column("created_at", _("Created")),
    ]
    fields: ClassVar[Any] = [IN_WORDS.get(getattr(each, "__name__", ""), each) for each in SyncJobAdmin.fields]
    readonly_fields: ClassVar[Any] = fields
    list_filter = [*SyncJobAdmin.list_filter, MailboxFilter]

    @admin.display(description=_("Kind"))
    def kind_of_sync(self, job: SyncJob) -> str:
        """What it does, in words."""
        return str(MODES.get(job.mode, job.mode))

    @admin.display(description=_("Phase"))
    def step(self, job: SyncJob) -> str:
        """Where it stands, in words."""
        return words.step(job.phase)

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
