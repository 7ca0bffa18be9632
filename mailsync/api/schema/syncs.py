"""What starts, batches, looks answer, as the OpenAPI schema describes it."""

from rest_framework import serializers

from syncjobs.schema import StatsSchema


class SimpleAnswer(serializers.Serializer):
    """What a start answers that promises nothing more."""

    success = serializers.BooleanField()
    message = serializers.CharField()


class CheckAnswer(serializers.Serializer):
    """What is new."""

    success = serializers.BooleanField()
    new_count = serializers.IntegerField()
    as_of = serializers.DateTimeField()


class BatchAnswer(serializers.Serializer):
    """What a batch answers."""

    success = serializers.BooleanField()
    synced_count = serializers.IntegerField()
    has_more = serializers.BooleanField()
    message = serializers.CharField()
    in_progress = serializers.BooleanField()
    task_id = serializers.CharField()
    retry_after = serializers.IntegerField(required=False)


class AccountStatus(serializers.Serializer):
    """How an account stands."""

    account = serializers.IntegerField()
    email = serializers.CharField()
    state = serializers.CharField()
    is_syncing = serializers.BooleanField()
    task_id = serializers.CharField(allow_null=True)
    sync_type = serializers.CharField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)
    progress_percentage = serializers.FloatField()
    current_stats = StatsSchema(allow_null=True)
    error_message = serializers.CharField(allow_null=True)
    last_sync_attempt = serializers.DateTimeField(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    next_sync_at = serializers.DateTimeField(allow_null=True)
    sync_message = serializers.CharField()
    complete_as_of = serializers.DateTimeField(allow_null=True)
    worker_available = serializers.BooleanField()


class StatusAnswer(serializers.Serializer):
    """How every account stands."""

    success = serializers.BooleanField()
    accounts = AccountStatus(many=True)
