"""Fetch a mailbox by the plainest loop there is.

Stock google-api-python-client in batches of 50, the standard library's parser, one INSERT per message; it survives
nothing, resumes nothing, reports nothing.
"""

import base64
import email
import email.policy
import os
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import psycopg
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.http import BatchHttpRequest

from tests.benchmarks.reading import measured

BATCH = 50  # more at once, and Gmail refuses some of them as too many concurrent requests
TABLE = """
    CREATE TABLE bare (
        gmail_id text PRIMARY KEY, thread_id text, labels text[], subject text, sender text, date text, body text,
        raw bytea
    )
"""
INSERT = "INSERT INTO bare VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"


def main(address: str, postmaster: int) -> None:
    """Print the reading of one pass over the mailbox."""
    base = os.environ["GOOGLE_BASE_URL"]
    credentials = Credentials(
        None,
        refresh_token=f"sim-refresh-{address}",
        token_uri=f"{base}/token",
        client_id="simulator",
        client_secret="simulator",
    )
    gmail = build("gmail", "v1", credentials=credentials, static_discovery=True, client_options={"api_endpoint": base})
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(TABLE)
        simulator = int(os.environ["SIMULATOR_PID"])
        print(measured(lambda: fetch(gmail, f"{base}/batch", connection), postmaster, simulator).dumps())


def fetch(gmail: Any, batch_uri: str, connection: psycopg.Connection) -> int:
    """How many messages were stored."""
    stored = 0

    def store(request_id: str, answer: Any, error: Exception | None) -> None:
        nonlocal stored
        if error is not None:
            raise error
        connection.execute(INSERT, row(answer))
        stored += 1

    ids = list(listed(gmail))
    for start in range(0, len(ids), BATCH):
        batch = BatchHttpRequest(callback=store, batch_uri=batch_uri)
        for message_id in ids[start : start + BATCH]:
            batch.add(gmail.users().messages().get(userId="me", id=message_id, format="raw"))
        batch.execute()
    return stored


def listed(gmail: Any) -> Iterator[str]:
    """Every id of the mailbox."""
    token = None
    while True:
        page = (
            gmail.users().messages().list(userId="me", maxResults=500, includeSpamTrash=True, pageToken=token).execute()
        )
        yield from (message["id"] for message in page.get("messages", ()))
        if not (token := page.get("nextPageToken")):
            return


def row(answer: Any) -> tuple[Any, ...]:
    """A message as the table takes it."""
    raw = base64.urlsafe_b64decode(answer["raw"])
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    fields = (answer["id"], answer["threadId"], answer.get("labelIds", []), *map(safe, headers(mail)), safe(text(mail)))
    return (*fields, raw)


def headers(mail: EmailMessage) -> Iterator[str]:
    """Subject, From, Date, where the parser can read them."""
    for name in ("subject", "from", "date"):
        try:
            yield str(mail[name] or "")
        except Exception:  # the parser fails in many ways on real mail
            yield ""


def text(mail: EmailMessage) -> str:
    """The body, where the parser can read it."""
    try:
        part = mail.get_body(("plain", "html"))
        return str(part.get_content()) if part is not None else ""
    except Exception:
        return ""


def safe(value: str) -> str:
    """Without what Postgres refuses."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()
