"""Mail as the OpenAPI schema describes it."""

from rest_framework import serializers

from syncjobs.schema import PageSchema


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


class ThreadSchema(serializers.Serializer):
    """A conversation."""

    thread_id = serializers.CharField()
    messages = ListedMessage(many=True)
