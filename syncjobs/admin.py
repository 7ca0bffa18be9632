"""The back office of jobs: read, cancel, retry."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import ExpressionWrapper, F, FloatField, QuerySet
from django.db.models.functions import Extract
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from syncjobs import lifecycle, registry, texts
from syncjobs.bounded import BoundedPaginator
from syncjobs.clock import SyncNow
from syncjobs.errors import AlreadyFinished, NotRetryable
from syncjobs.models import SyncJob, SyncJobEvent
from syncjobs.naming import column, named
from syncjobs.states import State, Trigger

LAST_FAILED = 500


class ReadOnly:
    """Nobody writes these rows by hand: only the lifecycle does."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never by hand."""
        return False


class EventInline(ReadOnly, admin.TabularInline):
    """The job's log."""

    model = SyncJobEvent
    fields: ClassVar[Any] = (
        column("at", _("At")),
        column("level", _("Level")),
        "said",
        column("params", _("Its particulars")),
    )
    readonly_fields: ClassVar[Any] = fields
    verbose_name_plural = _("Log")

    @admin.display(description=_("Event"))
    def said(self, event: SyncJobEvent) -> str:
        """The event in words."""
        return texts.text(event.job.kind, event.code, event.params)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncJobEvent]:
        """With the job at hand for the words."""
        return super().get_queryset(request).select_related("job")


class ErrorFilter(admin.SimpleListFilter):
    """By what went wrong, among the jobs that failed of late."""

    title = _("error")
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        """The codes of the last failed jobs, in words."""
        failed = SyncJob.objects.filter(finished_at__isnull=False).exclude(error_code="").order_by("-finished_at")
        codes = failed.values_list("error_code", flat=True)[:LAST_FAILED]
        return sorted({(code, code) for code in codes})

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """The jobs with that code."""
        return queryset.filter(error_code=self.value()) if self.value() else queryset


@admin.register(SyncJob)
class SyncJobAdmin(ReadOnly, admin.ModelAdmin):
    """Every job with its progress, its lease, its error."""

    list_display = [
        column("task_id", _("Job")),
        column("title", _("Mailbox")),
        column("state", _("State")),
        "progress",
        column("mode", _("Kind")),
        column("trigger", _("Asked for by")),
        "lease_age",
        "error",
        column("created_at", _("Created")),
    ]
    list_filter = [named("state", _("state")), named("trigger", _("trigger")), ErrorFilter]
    list_select_related = ["owner"]
    list_per_page = 50
    search_fields = ["task_id", "title", "owner__username", "worker"]
    ordering = ["-id"]
    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER  # each would count the whole table
    show_full_result_count = False
    inlines = [EventInline]
    actions = ["cancel", "retry"]
    # Never lease_token: whoever knows it could write as the worker.
    fields: ClassVar[Any] = [
        *list_display[:3],
        "progress",
        column("phase", _("Phase")),
        *list_display[4:6],
        column("owner", _("Owner")),
        column("stats", _("Numbers")),
        column("worker", _("Worker")),
        "lease_age",
        column("slices", _("Slices")),
        column("attempts", _("Failed attempts since the last progress")),
        column("crashes", _("Workers lost since the last progress")),
        column("not_before", _("Not before")),
        "error",
        column("traceback", _("Traceback")),
        column("created_at", _("Created")),
        column("started_at", _("Started")),
        column("updated_at", _("Updated")),
        column("finished_at", _("Finished")),
    ]
    readonly_fields: ClassVar[Any] = fields

    class Media:
        """Keeps the bars of active jobs true."""

        js = ["syncjobs/console.js"]

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Whether this person may cancel jobs, start them anew."""
        return request.user.has_perm("syncjobs.change_syncjob")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncJob]:
        """With the seconds since the last sign of life, by the clock that wrote it."""
        silence = ExpressionWrapper(Extract(SyncNow() - F("heartbeat_at"), "epoch"), output_field=FloatField())
        return super().get_queryset(request).annotate(silence=silence)

    @admin.display(description=_("Progress"))
    def progress(self, job: SyncJob) -> str:
        """A bar with its per cent, which the page's script keeps true while the job is active."""
        return format_html(
            '<span class="job-bar {}"{}><svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
            '<rect width="{}" height="1"/></svg>{}\N{NO-BREAK SPACE}%</span>',
            job.state.lower(),
            " data-active" if job.is_active else "",
            f"{job.percentage:.1f}",
            f"{job.percentage:.1f}",
        )

    @admin.display(description=_("Lease renewed"))
    def lease_age(self, job: Any) -> str:
        """Seconds since the holder last renewed its lease."""
        return _("%(n)s s ago") % {"n": round(job.silence)} if job.lease_until else "–"

    @admin.display(description=_("Error"))
    def error(self, job: SyncJob) -> str:
        """What went wrong, in words."""
        return texts.text(job.kind, job.error_code, job.error_params) if job.error_code else "–"

    @admin.action(description=_("Cancel"), permissions=["steer"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[SyncJob]) -> None:
        """Stop those that are not finished."""
        stopped = 0
        for job in jobs:
            try:
                lifecycle.cancel(job, by=request.user.get_username())
                stopped += 1
            except AlreadyFinished:
                self.message_user(request, _("%(job)s is already finished.") % {"job": job}, messages.WARNING)
        self.message_user(
            request,
            ngettext("%(n)s job is being cancelled.", "%(n)s jobs are being cancelled.", stopped) % {"n": stopped},
        )

    @admin.action(description=_("Retry"), permissions=["steer"])
    def retry(self, request: HttpRequest, jobs: QuerySet[SyncJob]) -> None:
        """Start anew what failed or was cancelled."""
        started = 0
        for job in jobs:
            if job.state not in (State.FAILED, State.CANCELLED):
                self.message_user(
                    request, _("%(job)s neither failed nor was cancelled.") % {"job": job}, messages.WARNING
                )
                continue
            try:
                registry.kind(job.kind).restart(job, Trigger.ADMIN)
                started += 1
            except NotRetryable:
                self.message_user(request, _("%(job)s cannot be started anew now.") % {"job": job}, messages.WARNING)
        self.message_user(
            request, ngettext("%(n)s job is started anew.", "%(n)s jobs are started anew.", started) % {"n": started}
        )
