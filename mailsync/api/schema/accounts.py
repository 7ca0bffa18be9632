"""Accounts as the OpenAPI schema describes them."""

from rest_framework import serializers

from mailsync.api.schema.strict import Whole
from mailsync.models import Account
from syncjobs.schema import PageSchema


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
    grant_ends_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When Google will end the grant, where it says so: after seven days for projects in testing.",
    )
    last_success_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class AccountList(PageSchema):
    """One page of accounts."""

    results = AccountSchema(many=True)


class AccountAnswer(serializers.Serializer):
    """What letting go of an account answers."""

    success = serializers.BooleanField()
    account = AccountSchema()


class AccountPatch(serializers.Serializer):
    """What a user may change of an account."""

    interval_seconds = Whole(min_value=60, max_value=30 * 86400, required=False)
    policy = serializers.ChoiceField(choices=Account.Policy.values, required=False)
    deleted_policy = serializers.ChoiceField(choices=Account.DeletedPolicy.values, required=False)
