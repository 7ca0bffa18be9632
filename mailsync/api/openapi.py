"""Publish the OpenAPI schema as a page, with the ways to sign in that it names."""

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.views import SpectacularSwaggerSplitView


class TokenScheme(OpenApiAuthenticationExtension):
    """`Authorization: Token ...`, which OpenAPI knows as a header with a key only."""

    target_class = "mailsync.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """The header, and where tokens come from."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token SECRET`, from the settings page or from `manage.py create_api_token`.",
        }


class BrowserScheme(SessionScheme):
    """The session of a browser; what changes something carries a CSRF token as well."""

    target_class = "mailsync.api.authentication.SessionAuthentication"
    name = "session"


class Docs(SpectacularSwaggerSplitView):
    """The schema for people: nothing inline, nothing from elsewhere, as the content security policy wants it."""

    template_name = "mailsync/docs.html"
    http_method_names = ["get", "head"]
