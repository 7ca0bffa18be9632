"""Labels as the OpenAPI schema describes them."""

from rest_framework import serializers

from syncjobs.schema import PageSchema


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
