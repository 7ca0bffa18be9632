"""The JSON of jobs as the OpenAPI schema describes it."""

from rest_framework import serializers

from syncjobs.states import State, Trigger


class StatsSchema(serializers.Serializer):
    """What a job has done so far."""

    total = serializers.IntegerField()
    done = serializers.IntegerField()
    added = serializers.IntegerField()
    updated = serializers.IntegerField()
    deleted = serializers.IntegerField()
    failed = serializers.IntegerField()
    bytes = serializers.IntegerField()
    units = serializers.IntegerField()


class JobError(serializers.Serializer):
    """Why a job failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class JobSchema(serializers.Serializer):
    """A job: the same in the API, on the socket, in the page."""

    task_id = serializers.CharField()
    account = serializers.IntegerField()
    email = serializers.CharField()
    sync_type = serializers.CharField()
    trigger = serializers.ChoiceField(choices=Trigger.values)
    state = serializers.ChoiceField(choices=State.values)
    phase = serializers.CharField()
    progress_percentage = serializers.FloatField(min_value=0, max_value=100)
    stats = StatsSchema()
    rate_per_minute = serializers.FloatField(allow_null=True)
    eta_seconds = serializers.FloatField(allow_null=True)
    message = serializers.CharField()
    error = JobError(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    revision = serializers.IntegerField()


class JobAnswer(serializers.Serializer):
    """A job that something was done to."""

    success = serializers.BooleanField()
    job = JobSchema()


class StartAnswer(JobAnswer):
    """What a start answers: the job that was created for it, or the one that it joined."""

    created = serializers.BooleanField()
    task_id = serializers.CharField()
    in_progress = serializers.BooleanField()
    message = serializers.CharField()
    stats = StatsSchema()


class PageSchema(serializers.Serializer):
    """One page of a list."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class JobList(PageSchema):
    """One page of jobs."""

    results = JobSchema(many=True)


class EventSchema(serializers.Serializer):
    """One line of a job's log."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    level = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class EventList(PageSchema):
    """A job's log."""

    results = EventSchema(many=True)
