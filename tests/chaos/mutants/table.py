"""Each mutant: what is changed, what that breaks, which tests must notice."""

from dataclasses import dataclass, field

LIFECYCLE = "tests/syncjobs/test_lifecycle.py"
MAINTENANCE = "tests/syncjobs/test_maintenance.py"
RUNNER = "tests/syncjobs/test_runner.py"
CONTEXT = "tests/syncjobs/test_context.py"
DISPATCH = "tests/syncjobs/test_dispatch.py"
ADMISSION = "tests/syncjobs/test_admission.py"
SCHEDULE = "tests/mailsync/test_schedule.py"

MODELS = "syncjobs/models.py"
INITIAL = "syncjobs/migrations/0001_initial.py"
ASKING = "syncjobs/lifecycle/asking.py"
WORKING = "syncjobs/lifecycle/working.py"
ENDING = "syncjobs/lifecycle/ending.py"


@dataclass(frozen=True)
class Change:
    """`old` stands in the file exactly once."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """One rule broken."""

    name: str
    breaks: str
    changes: tuple[Change, ...]
    caught_by: tuple[str, ...]
    sample: bool = field(default=False, kw_only=True)  # in the default suite, too

    @property
    def changes_the_schema(self) -> bool:
        """Whether it needs a database of its own."""
        return any("migrations" in change.path for change in self.changes)


NO_INDEX = Change(
    INITIAL,
    """            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('CREATED', 'RUNNING'))), """
    """fields=('resource',), name='one_active_job_per_resource'),""",
    "            constraint=models.CheckConstraint(condition=models.Q(('id__gt', 0)), name='one_active_job_per_resource'),",
)
NO_ACCOUNT_LOCK = Change(
    "mailsync/schedule.py",
    "return Account.objects.select_for_update(no_key=True).filter(pk=pk).first()",
    "return Account.objects.filter(pk=pk).first()",
)

MUTANTS = (
    Mutant(
        "no unique index",
        "two starts that take no common lock make two active jobs",
        (NO_INDEX,),
        (f"{LIFECYCLE}::test_a_second_active_job_is_refused_by_the_index",),
    ),
    Mutant(
        "no lock of the account",
        "the second of two first clicks is answered with an error instead of the job",
        (NO_ACCOUNT_LOCK,),
        (f"{SCHEDULE}::test_fifty_clicks_at_once_start_one_job",),
    ),
    Mutant(
        "no lock of the account, no unique index",
        "clicks at once start many jobs of one mailbox",
        (NO_ACCOUNT_LOCK, NO_INDEX),
        (f"{SCHEDULE}::test_fifty_clicks_at_once_start_one_job",),
    ),
    Mutant(
        "fence without the token",
        "a zombie writes mail and ends the job of its heir",
        (Change(MODELS, "lease_token=job.lease_token, state=State.RUNNING)", "state=State.RUNNING)"),),
        (
            f"{LIFECYCLE}::test_a_zombies_page_writes_nothing_and_raises_lease_lost",
            f"{LIFECYCLE}::test_a_zombie_ends_nothing",
        ),
        sample=True,
    ),
    Mutant(
        "fence by EXISTS",
        "a page and the rescue of its job run at the same time",
        (
            Change(
                "syncjobs/lease.py",
                "SyncJob.objects.held_by(job).select_for_update(no_key=True).first()",
                "SyncJob.objects.held_by(job).first()",
            ),
        ),
        (f"{LIFECYCLE}::test_a_page_and_a_rescue_never_both_commit",),
    ),
    Mutant(
        "fence by FOR KEY SHARE",
        "a lock that an update of the row does not wait for",
        (
            Change(
                "syncjobs/lease.py",
                "SyncJob.objects.held_by(job).select_for_update(no_key=True).first()",
                "next(iter(SyncJob.objects.raw("
                '"SELECT * FROM syncjobs_syncjob WHERE id = %s AND lease_token = %s FOR KEY SHARE", '
                "[job.pk, job.lease_token])), None)",
            ),
        ),
        (f"{LIFECYCLE}::test_a_page_and_a_rescue_never_both_commit",),
    ),
    Mutant(
        "now() for the clock",
        "a page that took long writes a lease that is half over",
        (Change(INITIAL, "SELECT clock_timestamp() + ", "SELECT now() + "),),
        (f"{CONTEXT}::test_a_page_that_took_long_renews_the_lease_from_its_end",),
    ),
    Mutant(
        "final rows may change",
        "a late writer brings a finished job back to life",
        (Change(INITIAL, "IF OLD.finished_at IS NOT NULL THEN", "IF false THEN"),),
        (f"{LIFECYCLE}::test_a_final_row_never_changes",),
    ),
    Mutant(
        "an adopted job is not nudged",
        "during a first sync of hours new mail waits for its next slice",
        (Change(ASKING, "    _nudge(job)\n", ""),),
        (f"{CONTEXT}::test_whoever_asks_a_running_job_again_is_heard_at_its_next_page_and_once",),
    ),
    Mutant(
        "the finish does not look for a further pass",
        "what was asked for during a run is never done",
        (
            Change(
                ENDING, ".filter(further__isnull=True, cancel_requested_at=None)", ".filter(cancel_requested_at=None)"
            ),
        ),
        (
            f"{LIFECYCLE}::test_a_further_pass_asked_before_the_end_goes_before_it",
            f"{RUNNER}::test_a_further_pass_asked_for_during_the_run_is_done_within_the_same_job",
        ),
    ),
    Mutant(
        "the finish does not look for a wish to cancel",
        "a cancel that was promised ends in a success",
        (Change(ENDING, ".filter(further__isnull=True, cancel_requested_at=None)", ".filter(further__isnull=True)"),),
        (f"{LIFECYCLE}::test_cancel_asks_the_worker_of_a_running_job",),
    ),
    Mutant(
        "a release clears the wish to cancel",
        "a job given back after a cancel runs on",
        (
            Change(
                WORKING,
                "            dispatched_at=None,\n",
                "            dispatched_at=None,\n            cancel_requested_at=None,\n",
            ),
        ),
        (f"{LIFECYCLE}::test_a_job_given_back_after_the_wish_to_cancel_is_cancelled_by_the_next_sweep",),
    ),
    Mutant(
        "a job that is being cancelled adopts requests",
        "a click after a cancel is taken down with the job",
        (Change("syncjobs/admission.py", "if active.cancelling:", "if False:"),),
        (
            f"{ADMISSION}::test_a_job_that_is_being_cancelled_takes_no_request_down_with_it",
            f"{LIFECYCLE}::test_a_click_on_a_job_that_is_being_cancelled_ends_it_at_once_and_begins_another",
        ),
    ),
    Mutant(
        "cancel by force without its grace",
        "a worker that would stop by itself loses what it is just committing",
        (Change(ENDING, "wished.ignored_for(grace())", "wished.ignored_for(grace() * 0)"),),
        (f"{LIFECYCLE}::test_cancel_by_force_waits_for_its_grace",),
    ),
    Mutant(
        "no cancel by force",
        "a job whose worker hangs can never be cancelled",
        (Change("syncjobs/maintenance.py", "        lifecycle.cancel_by_force(job)\n", "        pass\n"),),
        (f"{MAINTENANCE}::test_sweep_cancels_by_force_after_the_grace",),
    ),
    Mutant(
        "the sweeper rings for nobody",
        "one lost message and the job waits for ever",
        (Change("syncjobs/maintenance.py", "for job in unanswered[:MOST_AT_ONCE] if", "for job in unanswered[:0] if"),),
        (
            f"{MAINTENANCE}::test_sweep_rings_again_after_15_seconds_then_with_patience_that_doubles_up_to_ten_minutes",
            f"{MAINTENANCE}::test_sweep_rescues_an_expired_lease",
        ),
        sample=True,
    ),
    Mutant(
        "the sweeper has no patience",
        "busy workers get a message more every five seconds",
        (Change(MODELS, 'silence__gt=F("patience")', "silence__gte=0"),),
        (f"{MAINTENANCE}::test_sweep_rings_again_after_15_seconds_then_with_patience_that_doubles_up_to_ten_minutes",),
    ),
    Mutant(
        "an adopted job is not rung for again",
        "the prototype's bug: already syncing, and nobody ever begins",
        (Change(ASKING, "    dispatch.ring_after_commit(job.pk)\n\n\ndef _nudge", "\n\ndef _nudge"),),
        (f"{LIFECYCLE}::test_created_is_not_running",),
    ),
    Mutant(
        "created counts as syncing",
        "the prototype's bug: a page that says syncing while nothing runs",
        (
            Change(
                "mailsync/status.py",
                '"is_syncing": newest is not None and newest.state == State.RUNNING',
                '"is_syncing": newest is not None and newest.is_active',
            ),
        ),
        ("tests/mailsync/api/test_sync.py::test_is_syncing_is_true_while_running_alone",),
    ),
    Mutant(
        "rung before the commit",
        "a worker finds no row, and the message is gone",
        (
            Change(
                "syncjobs/dispatch.py",
                "    transaction.on_commit(\n        lambda: ring(job_id) and None, robust=True\n    )",
                "    ring(job_id)",
            ),
        ),
        (f"{DISPATCH}::test_nothing_is_rung_for_what_is_not_committed",),
    ),
    Mutant(
        "staleness by age",
        "a healthy first sync is killed after half an hour",
        (
            Change(
                MODELS,
                "heartbeat_at__lt=in_(-span), not_before__lt=in_(-span)",
                "created_at__lt=in_(-span)",
            ),
        ),
        (f"{LIFECYCLE}::test_a_healthy_job_older_than_the_limit_is_adopted",),
    ),
    Mutant(
        "an announced wait is silence",
        "a job that waits for tomorrow's quota is failed as stale",
        (Change(MODELS, "heartbeat_at__lt=in_(-span), not_before__lt=in_(-span)", "heartbeat_at__lt=in_(-span)"),),
        (f"{LIFECYCLE}::test_a_wait_that_was_announced_is_a_sign_of_life_until_it_ends",),
    ),
    Mutant(
        "a replaced job hands nothing over",
        "the further pass that a silent job owed is forgotten",
        (
            Change(
                "syncjobs/admission.py", "return Verdict.REPLACE, wider(owed, asked)", "return Verdict.REPLACE, asked"
            ),
        ),
        (
            f"{LIFECYCLE}::test_a_silent_job_is_replaced",
            f"{LIFECYCLE}::test_a_replaced_job_hands_over_the_further_pass_that_it_owed",
        ),
    ),
    Mutant(
        "a push during a run asks for nothing",
        "mail that came after its page was read waits for the next hour",
        (Change("syncjobs/admission.py", "if covered and not again:", "if covered:"),),
        (f"{RUNNER}::test_pushes_during_a_run_become_one_more_pass",),
    ),
    Mutant(
        "crashes are not counted",
        "a message that kills its worker kills workers for ever",
        (Change(WORKING, 'crashes=F("crashes") + crashed,', 'crashes=F("crashes"),'),),
        (
            f"{LIFECYCLE}::test_an_expired_lease_is_taken_over_and_counted",
            f"{RUNNER}::test_three_crashes_without_progress_are_poison",
        ),
    ),
    Mutant(
        "a click at the last moment is not heard",
        "whoever joins a sync that has read all it reads waits for mail that it does not bring",
        (
            Change(
                ENDING,
                "        mine = mine.filter(Q(nudged_at=None) | Q(nudged_at=heard))\n",
                "        pass\n",
            ),
        ),
        (
            f"{LIFECYCLE}::test_whoever_asks_after_the_last_page_is_owed_a_look_at_what_is_new",
            "tests/mailsync/sync/test_freshness.py::"
            "test_mail_from_just_before_a_click_that_meets_the_last_moment_of_a_pass_is_there_when_its_job_ends",
        ),
    ),
    Mutant(
        "a beat forgives crashes",
        "a download that kills its worker after 15 seconds is tried for ever",
        (
            Change(
                "syncjobs/context.py",
                "            lease.renew(self.job)\n        self._renewed",
                "            lease.renew(self.job, crashes=0)\n        self._renewed",
            ),
        ),
        (f"{CONTEXT}::test_a_beat_renews_the_lease_but_forgives_no_crash",),
    ),
    Mutant(
        "the percentage may fall",
        "the bar jumps back when a further pass begins",
        (Change("syncjobs/context.py", '= Greatest(F("percentage"), bounded)', "= bounded"),),
        (f"{CONTEXT}::test_the_percentage_never_falls",),
    ),
    Mutant(
        "progress as a difference",
        "a page that is done again is counted twice",
        (Change("syncjobs/context.py", 'Greatest(F("percentage"), bounded)', 'F("percentage") + bounded'),),
        (f"{CONTEXT}::test_the_percentage_never_falls",),
    ),
    Mutant(
        "a release keeps the token",
        "every slice waits for its lease to run out, and counts as a crash",
        (Change(WORKING, "            **message,\n            **NO_LEASE,\n", "            **message,\n"),),
        (f"{LIFECYCLE}::test_release_gives_the_lease_back_and_says_when",),
    ),
    Mutant(
        "a claim before its time",
        "backoff and quota waits are cut short by any doubled message",
        (
            Change(
                MODELS,
                "return self.active().unleased().filter(not_before__lte=SyncNow())",
                "return self.active().unleased()",
            ),
        ),
        (f"{LIFECYCLE}::test_a_job_whose_wait_is_not_over_is_not_claimed",),
    ),
    Mutant(
        "a zombie learns the token of its heir",
        "the snapshot it reads back after its page lets it pass the fence",
        (Change("syncjobs/context.py", "            self.job.lease_token = token\n", ""),),
        (f"{LIFECYCLE}::test_a_zombie_never_learns_the_token_of_its_heir",),
    ),
    Mutant(
        "a refused finish tells the kind",
        "an account is marked as synced by a job that goes on",
        (
            Change(
                ENDING,
                "                raise _Refused\n",
                "                return False\n",
            ),
        ),
        (f"{LIFECYCLE}::test_nothing_of_a_refused_finish_is_kept",),
    ),
    Mutant(
        "the checkpoint outside of the page",
        "a worker lost in the page leaves a checkpoint that is ahead of the mail",
        (
            Change(
                "mailsync/sync/store.py",
                """        with self.job.page() as report:
            yield
            if columns:
                self._checkpoints().update(seq=F("seq") + 1, updated_at=SyncNow(), **columns)
""",
                """        if columns:
            self._checkpoints().update(seq=F("seq") + 1, updated_at=SyncNow(), **columns)
        with self.job.page() as report:
            yield
""",
            ),
        ),
        ("tests/mailsync/sync/test_job.py::test_a_worker_lost_in_any_page_costs_no_mail_and_no_second_download",),
    ),
    Mutant(
        "the tick leaves the next time where it was",
        "every tick starts the same mailbox again",
        (Change("mailsync/schedule.py", "        _move_to_next_window(account)\n        try", "        try"),),
        (f"{SCHEDULE}::test_what_is_due_is_started_once",),
    ),
    Mutant(
        "the tick without SKIP LOCKED",
        "one mailbox that somebody holds stops the clock of all others",
        (
            Change(
                "mailsync/schedule.py",
                "select_for_update(no_key=True, skip_locked=True)",
                "select_for_update(no_key=True)",
            ),
        ),
        (f"{SCHEDULE}::test_a_mailbox_that_somebody_holds_does_not_stop_the_clock",),
    ),
    Mutant(
        "a lost connection is replaced in mid-slice",
        "a failover that lost the last page goes unnoticed, and the pass ends without it",
        (
            Change(
                "syncjobs/context.py",
                "        if self.line is not None and connection.connection is not self.line:\n",
                "        if False:\n",
            ),
            Change(
                "syncjobs/context.py",
                '        with traces.span("page") as span, transaction.atomic():\n            self._fence()\n            report',
                "        if not connection.is_usable():\n            connection.close()\n"
                '        with traces.span("page") as span, transaction.atomic():\n            self._fence()\n            report',
            ),
        ),
        (f"{RUNNER}::test_a_connection_killed_between_two_pages_ends_the_slice_instead_of_being_replaced",),
    ),
)
