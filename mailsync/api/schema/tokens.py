"""Tokens as the OpenAPI schema describes them."""

from rest_framework import serializers

from mailsync.api.schema.strict import Text, Whole
from syncjobs.schema import PageSchema


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

    label = Text(max_length=100, default="", allow_blank=True)  # type: ignore[assignment]
    expires_days = Whole(min_value=1, max_value=3650, required=False, allow_null=True)
