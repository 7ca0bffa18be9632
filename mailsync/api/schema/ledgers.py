"""Failures, proofs, units as the OpenAPI schema describes them."""

from rest_framework import serializers

from syncjobs.schema import PageSchema


class FailureSchema(serializers.Serializer):
    """A message that could not be mirrored yet."""

    gmail_id = serializers.CharField()
    code = serializers.CharField()
    reason = serializers.CharField()
    attempts = serializers.IntegerField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    next_try_at = serializers.DateTimeField(help_text="No sync tries it before, unless a retry is asked for.")


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
    owed_count = serializers.IntegerField(help_text="Those of the missing that stand in the ledger of failures.")
    missing = serializers.ListField(child=serializers.CharField(), help_text="At most the first hundred ids.")
    complete = serializers.BooleanField(help_text="Whether it proves that the mirror lacked nothing.")
    labels_checked = serializers.IntegerField(help_text="Labels compared, each by listing it.")
    labels_corrected = serializers.IntegerField(help_text="Labels put on or taken off a message by that.")
    bytes_checked = serializers.IntegerField(help_text="Messages of a sample whose bytes were held against their hash.")
    bytes_damaged = serializers.IntegerField(help_text="Those of them that had changed, and were fetched again.")


class CertificateList(PageSchema):
    """One page of proofs."""

    results = CertificateSchema(many=True)


class UsageSchema(serializers.Serializer):
    """The units of a day."""

    day = serializers.DateField()
    units = serializers.IntegerField()
    requests = serializers.IntegerField()


class UsageList(PageSchema):
    """One page of days."""

    results = UsageSchema(many=True)
