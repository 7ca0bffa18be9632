"""The JSON of mail as the OpenAPI schema describes it."""

from rest_framework import serializers

from mailsync.models import Account
from syncjobs.schema import JobSchema, PageSchema, StatsSchema


class StartAnswer(serializers.Serializer):
    """What a start answers."""

    success = serializers.BooleanField()
    created = serializers.BooleanField()
    task_id = serializers.CharField()
    in_progress = serializers.BooleanField()
    message = serializers.CharField()
    stats = StatsSchema()
    job = JobSchema()


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


class AccountSchema(serializers.Serializer):
    """One mailbox of one user."""

    id = serializers.IntegerField()
    email = serializers.CharField()
    state = serializers.ChoiceField(choices=Account.State.values)
    paused = serializers.BooleanField()
    interval_seconds = serializers.IntegerField()
    next_sync_at = serializers.DateTimeField(allow_null=True)
    policy = serializers.CharField()
    deleted_policy = serializers.CharField()
    complete_as_of = serializers.DateTimeField(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class AccountList(PageSchema):
    """One page of accounts."""

    results = AccountSchema(many=True)


class AccountPatch(serializers.Serializer):
    """What a user may change of an account."""

    interval_seconds = serializers.IntegerField(min_value=60, max_value=30 * 86400, required=False)
    policy = serializers.ChoiceField(choices=Account.Policy.values, required=False)
    deleted_policy = serializers.ChoiceField(choices=Account.DeletedPolicy.values, required=False)


class AddressSchema(serializers.Serializer):
    """Somebody on a mail."""

    name = serializers.CharField()
    email = serializers.CharField()


class AttachmentSchema(serializers.Serializer):
    """A file on a mail."""

    part_id = serializers.CharField()
    filename = serializers.CharField()
    mime_type = serializers.CharField()
    size = serializers.IntegerField()


class ListedMessage(serializers.Serializer):
    """A message in a list."""

    gmail_id = serializers.CharField()
    thread_id = serializers.CharField()
    account = serializers.IntegerField()
    labels = serializers.ListField(child=serializers.CharField())
    subject = serializers.CharField()
    to = AddressSchema(many=True)
    date = serializers.DateTimeField(allow_null=True)
    snippet = serializers.CharField()
    size = serializers.IntegerField()
    unread = serializers.BooleanField()
    has_attachments = serializers.BooleanField()

    def get_fields(self) -> dict:
        """`from` is a word of Python's."""
        return {**super().get_fields(), "from": AddressSchema()}


class MessageList(PageSchema):
    """One page of mail."""

    results = ListedMessage(many=True)


class MessageSchema(ListedMessage):
    """A message alone."""

    cc = AddressSchema(many=True)
    headers = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    text = serializers.CharField()
    html = serializers.CharField()
    attachments = AttachmentSchema(many=True)
    internal_date = serializers.DateTimeField()
    history_id = serializers.IntegerField()
    fidelity = serializers.CharField()


class LabelSchema(serializers.Serializer):
    """A label with its counts."""

    id = serializers.CharField()
    account = serializers.IntegerField()
    name = serializers.CharField()
    type = serializers.CharField()
    total = serializers.IntegerField()
    unread = serializers.IntegerField()


class LabelList(PageSchema):
    """One page of labels."""

    results = LabelSchema(many=True)


class ThreadSchema(serializers.Serializer):
    """A conversation."""

    thread_id = serializers.CharField()
    messages = ListedMessage(many=True)


class FailureSchema(serializers.Serializer):
    """A message that could not be mirrored yet."""

    gmail_id = serializers.CharField()
    code = serializers.CharField()
    reason = serializers.CharField()
    attempts = serializers.IntegerField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()


class FailureList(PageSchema):
    """One page of the ledger of failures."""

    results = FailureSchema(many=True)


class CertificateSchema(serializers.Serializer):
    """What Gmail listed against what the mirror held."""

    at = serializers.DateTimeField()
    task_id = serializers.CharField()
    history_id = serializers.IntegerField()
    listed = serializers.IntegerField()
    mirrored = serializers.IntegerField()
    missing_count = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.CharField())
    labels_checked = serializers.IntegerField()


class CertificateList(PageSchema):
    """One page of proofs."""

    results = CertificateSchema(many=True)


class UsageSchema(serializers.Serializer):
    """The units of a day."""

    day = serializers.DateField()
    units = serializers.IntegerField()


class UsageList(PageSchema):
    """One page of days."""

    results = UsageSchema(many=True)


class TokenSchema(serializers.Serializer):
    """A token, without its secret."""

    id = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of ours, no caption of DRF's
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class TokenList(PageSchema):
    """One page of tokens."""

    results = TokenSchema(many=True)


class NewToken(TokenSchema):
    """A token with its secret, which is shown once."""

    token = serializers.CharField()


class TokenRequest(serializers.Serializer):
    """What a new token is for, how long it is valid."""

    label = serializers.CharField(max_length=100, default="")  # type: ignore[assignment]
    expires_days = serializers.IntegerField(min_value=1, max_value=3650, required=False, allow_null=True)
