import pytest

from gmail.discovery import resources


def test_the_real_gmail_is_the_default() -> None:
    found = resources("")
    assert found.batch_uri == "https://gmail.googleapis.com/batch"
    assert found.messages.get(userId="me", id="1").uri.startswith("https://gmail.googleapis.com/gmail/v1/users/me/")


def test_single_calls_and_batches_move_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    found = resources("http://127.0.0.1:9/moved")
    assert found.batch_uri == "http://127.0.0.1:9/moved/batch"
    assert found.labels.list(userId="me").uri.startswith("http://127.0.0.1:9/moved/gmail/v1/users/me/labels")


def test_resources_are_built_once() -> None:
    assert resources("http://127.0.0.1:9") is resources("http://127.0.0.1:9")
