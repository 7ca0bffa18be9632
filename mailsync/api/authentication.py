"""Who calls the API: a token, else a session."""

from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from mailsync import tokens
from mailsync.models import ApiToken


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token ...`; sets request.auth to the token."""

    keyword = b"token"

    def authenticate(self, request: Request) -> tuple[object, ApiToken] | None:
        """None without such a header; raises AuthenticationFailed for a token that opens nothing."""
        words = authentication.get_authorization_header(request).split()
        if not words or words[0].lower() != self.keyword:
            return None
        token = tokens.find(words[1].decode("latin-1")) if len(words) == 2 else None
        if token is None:
            raise AuthenticationFailed("This token is not valid.", code="bad_token")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Makes an unauthenticated answer a 401."""
        return "Token"


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF."""

    def enforce_csrf(self, request: Request) -> None:
        """Raises PermissionDenied, with the code that Django's own refusal has here."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(str(error.detail), code="csrf_failed") from None

    def authenticate_header(self, request: Request) -> str:
        """Makes an unauthenticated answer a 401."""
        return "Token"
