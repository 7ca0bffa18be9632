"""The back office of accounts: read, pause, resume, sync now, disconnect."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mailsync import console, schedule, tokens
from mailsync import people_admin as people_admin  # registers users
from mailsync.audit import ACTIONS
from mailsync.dashboard import pushing
from mailsync.disconnect import disconnect
from mailsync.models import Account, ApiToken, AuditEvent, Certificate, Change, Failure, Revocation, Usage, Watch
from syncjobs.bounded import BoundedPaginator
from syncjobs.naming import column, named
from syncjobs.states import Trigger

SHORTEST_INTERVAL, LONGEST_INTERVAL = timedelta(minutes=1), timedelta(days=30)
# Never the grant.
SHOWN: list[Any] = [
    column("email", _("Mailbox")),
    column("owner", _("Owner")),
    column("state", _("State")),
    column("policy", _("How much is mirrored")),
    column("deleted_policy", _("Mail deleted in Gmail")),
    "interval",
    column("next_sync_at", _("Next")),
    column("paused_at", _("Paused since")),
    column("last_sync_attempt", _("Last attempt")),
    column("last_success_at", _("Last success")),
    column("complete_as_of", _("Complete as of")),
    column("sync_message_code", _("Last message")),
    column("sync_message_params", _("Its particulars")),
    column("created_at", _("Created")),
]


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the product writes, maybe very many."""

    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never by hand."""
        return False


class ScheduleForm(forms.ModelForm):
    """How often a mailbox is synced by the clock."""

    interval = forms.DurationField(label=_("Interval"))

    def clean_interval(self) -> timedelta:
        """Neither so short that it would never rest, nor so long that nobody would miss it."""
        interval: timedelta = self.cleaned_data["interval"]
        if not SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
            raise forms.ValidationError(_("Choose from one minute to thirty days."))
        return interval


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    """The schedule may be edited; the rest is read, or changed by the services that the pages use."""

    list_display = [
        column("email", _("Mailbox")),
        column("owner", _("Owner")),
        column("state", _("State")),
        column("paused_at", _("Paused since")),
        column("interval", _("Interval")),
        column("next_sync_at", _("Next")),
        column("complete_as_of", _("Complete as of")),
        column("sync_message_code", _("Last message")),
        console.jobs_of,
    ]
    list_filter = [
        named("state", _("state")),
        named("paused_at", _("pause"), admin.EmptyFieldListFilter),
        named("policy", _("policy")),
    ]
    list_select_related = ["owner"]
    search_fields = ["email", "owner__username"]
    actions = ["pause", "resume", "sync_now", "disconnect"]
    form = ScheduleForm
    fields = tuple(SHOWN)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A mailbox comes by consent, or by the command."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Deleting a mailbox stops jobs, revokes, erases in pieces: not one statement of the admin."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[Any]:
        """Everything but the schedule."""
        return [name for name in SHOWN if name != "interval"]

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Through the service: saving the whole row would undo what a sync wrote to it meanwhile."""
        if "interval" in form.changed_data:
            schedule.set_interval(obj, obj.interval)

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """Rest their schedules."""
        self._each(request, accounts, partial(schedule.pause, by=request.user.get_username()))

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """Take their schedules up again."""
        self._each(request, accounts, schedule.resume)

    @admin.action(description=_("Sync now"), permissions=["change"])
    def sync_now(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """Start a sync of each."""
        self._each(request, accounts, lambda account: schedule.request_sync(account, trigger=Trigger.ADMIN))

    @admin.action(description=_("Disconnect, and keep the mirror"), permissions=["change"])
    def disconnect(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """Let go of their jobs, grants, schedules."""
        self._each(request, accounts, partial(disconnect, by=request.user.get_username()))

    def _each(self, request: HttpRequest, accounts: QuerySet[Account], service: Callable[[Account], object]) -> None:
        done = 0
        for account in accounts:
            try:
                service(account)
            except schedule.Paused:
                self.message_user(request, _("%(email)s is paused.") % {"email": account}, messages.WARNING)
            except schedule.ReconnectNeeded:
                self.message_user(
                    request, _("%(email)s needs to be connected again.") % {"email": account}, messages.WARNING
                )
            else:
                done += 1
        self.message_user(request, ngettext("Done for %(n)s mailbox.", "Done for %(n)s mailboxes.", done) % {"n": done})


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    """The proofs."""

    list_display = [
        "account",
        "at",
        "listed",
        "mirrored",
        "missing_count",
        "labels_checked",
        "labels_corrected",
        "bytes_checked",
        "bytes_damaged",
        "job",
    ]
    list_select_related = ["account"]
    search_fields = ["account__email", "job"]


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin):
    """The messages that could not be mirrored yet."""

    list_display = ["account", "gmail_id", "code", "attempts", "first_at", "last_at", "next_try_at"]
    list_filter = ["code"]
    list_select_related = ["account"]
    search_fields = ["account__email", "gmail_id"]


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """What happened to each message."""

    list_display = ["account", "gmail_id", "at", "kind", "labels_added", "labels_removed", "task_id"]
    list_filter = ["kind"]
    list_select_related = ["account"]
    search_fields = ["gmail_id"]
    show_full_result_count = False


@admin.register(Revocation)
class RevocationAdmin(ReadOnlyAdmin):
    """The grants that are still to be ended at Google."""

    list_display = ["email", "asked_at", "attempts", "not_before"]
    fields = ("email", "asked_at", "attempts", "not_before")


@admin.register(Watch)
class WatchAdmin(ReadOnlyAdmin):
    """Which mailboxes Gmail tells us about; never the grant with which it is told to stop."""

    list_display = ["email", "why", "expires_at", "heard_at", "due_at", "attempts", "topic"]
    fields = ("email", "topic", "renewed_at", "expires_at", "heard_at", "due_at", "attempts", "why")
    list_filter = ["trouble", ("expires_at", admin.EmptyFieldListFilter)]
    search_fields = ["email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Watch]:
        """Without the grants: one that no key opens must not spoil the list."""
        return super().get_queryset(request).defer("grant")

    @admin.display(description=_("trouble"))
    def why(self, watch: Watch) -> str:
        """In words."""
        return str(pushing.TROUBLES.get(watch.trouble, watch.trouble)) or "-"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With what came through the door."""
        return super().changelist_view(request, {**(extra_context or {}), "subtitle": pushing.counted()})


@admin.register(Usage)
class UsageAdmin(ReadOnlyAdmin):
    """What Gmail's quota was spent on, by day."""

    list_display = ["account", "day", "units", "requests"]
    list_select_related = ["account"]
    list_filter = ["day"]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """The keys to the API; they may be revoked by deleting them."""

    list_display = ["label", "user", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    fields = ["label", "user", "created_at", "expires_at", "last_used_at"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To delete a token is to revoke it."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        """Through the service, which writes it down."""
        tokens.revoke(obj, by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """The same for many."""
        for each in queryset:
            tokens.revoke(each, by=request.user.get_username())


class ActionFilter(admin.SimpleListFilter):
    """By what was done, in words."""

    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        """Every action that there is."""
        return list(ACTIONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """The lines about the chosen one."""
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what, newest first; a mailbox that is still here is shown by its address."""

    list_display = ["at", "said", "actor", "whose", "address", "details"]
    fields = ("at", "said", "actor", "whose", "address", "details")
    list_filter = [ActionFilter, "at"]
    search_fields = ["actor", "address", "=mailbox"]
    search_help_text = _("A user's name, a network address, the number of a mailbox.")
    ordering = ["-id"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """With the addresses of mailboxes."""
        emails = Account.objects.filter(pk=OuterRef("mailbox")).values("email")
        return super().get_queryset(request).annotate(email=Subquery(emails))

    @admin.display(description=_("action"))
    def said(self, event: AuditEvent) -> str:
        """The action in words."""
        return str(ACTIONS.get(event.action, event.action))

    @admin.display(description=_("mailbox"))
    def whose(self, event: AuditEvent) -> str:
        """Its address, else its number."""
        return getattr(event, "email", None) or (str(event.mailbox) if event.mailbox is not None else "-")
