import google.auth.exceptions as auth
import httplib2
import pytest
from httplib2.decode import DecodeRatioError

from gmail import failures
from gmail.errors import GmailError, GrantRevoked, Refused, Transient


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError("timed out"), Transient),
        (ConnectionResetError(104, "reset"), Transient),
        (httplib2.ServerNotFoundError("no such host"), Transient),
        (auth.TransportError("secret-token"), Transient),
        (DecodeRatioError("bomb"), Refused),
        (auth.RefreshError("invalid_grant: gone", {"error": "invalid_grant"}), GrantRevoked),
        (auth.RefreshError("invalid_client: no", {"error": "invalid_client"}), Refused),
        (auth.RefreshError("busy", {"error": "server_error"}), Transient),
        (auth.RefreshError("no refresh token"), GrantRevoked),
        (auth.RefreshError("html", retryable=True), Transient),
        (auth.MalformedError("bad key"), Refused),
    ],
)
def test_each_failure_of_a_library_has_a_name(error: Exception, expected: type[GmailError]) -> None:
    assert isinstance(error, failures.LIBRARY_FAILURES)
    found = failures.from_exception(error)
    assert type(found) is expected
    assert "secret" not in str(found)


def test_an_oauth_error_keeps_its_word_as_reason() -> None:
    found = failures.from_oauth_word("invalid_client", "The OAuth client was not found.", 401)
    assert isinstance(found, Refused)
    assert (found.reason, found.status) == ("invalid_client", 401)
    assert str(found) == "invalid_client: The OAuth client was not found."


def test_a_token_endpoint_in_trouble_is_worth_another_try() -> None:
    assert isinstance(failures.from_oauth_word("http_503", status=503), Transient)
