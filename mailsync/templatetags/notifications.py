"""Let the settings page show the section of notifications."""

from typing import Any

from django import template
from django.template import RequestContext

from mailsync.dashboard import notifications

register = template.Library()


@register.inclusion_tag("mailsync/_notifications.html", takes_context=True)
def notifications_section(context: RequestContext) -> dict[str, Any]:
    """The form, what was told last."""
    return {
        "user": context["user"],
        "csrf_token": context.get("csrf_token"),
        **notifications.form(context["user"]),
    }
