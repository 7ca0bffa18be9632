"""Fields that take JSON's own type and nothing that only looks like it."""

from typing import Any

from rest_framework import serializers


class Text(serializers.CharField):
    """A string; REST framework would take 7 for "7"."""

    def to_internal_value(self, data: Any) -> str:
        """Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number; REST framework would take "7" for 7. In JSON 7.0 is the same number."""

    def to_internal_value(self, data: Any) -> int:
        """Raises ValidationError."""
        if isinstance(data, float) and data.is_integer():
            return super().to_internal_value(int(data))
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)
