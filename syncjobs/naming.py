"""Name columns, filters of the admin in the reader's language."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import display_for_value
from django.db.models import Model


def column(name: str, title: Any) -> Callable[[Model], Any]:
    """A field of a list, sorted by it as ever, or of the page of one row; times are the reader's."""

    @admin.display(description=title, ordering=name, empty_value="–")
    def shown(row: Model) -> Any:
        label = getattr(row, f"get_{name}_display", None)
        value = label() if label else getattr(row, name)
        return display_for_value(None if value == "" else value, "–")  # the page of one row would show it raw

    shown.__name__ = f"{name}_column"
    return shown


def named(field: str, title: Any, kind: type[admin.FieldListFilter] = admin.ChoicesFieldListFilter) -> tuple[str, Any]:
    """A filter by a field."""

    class Named(kind):  # type: ignore[valid-type,misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.title = str(title)

    return field, Named
