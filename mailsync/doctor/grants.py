"""Check what users gave us: each grant opens, is alive, is as wide as it must be and no wider."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db.models import Model, TextField
from django.db.models.functions import Cast

from gmail import oauth
from gmail.errors import GmailError, GrantRevoked
from mailsync.credentials import oauth_client
from mailsync.doctor.registry import Finding, bad, many, note, ok
from mailsync.encryption import Undecryptable, decrypt
from mailsync.models import Account
from mailsync.rotation import encrypted

MOST_ASKED = 50  # grants that Google is asked about
MOST_SECRETS = 10_000  # of a table
MOST_NAMED = 5
SOON = timedelta(days=2)
METADATA = "https://www.googleapis.com/auth/gmail.metadata"
READING = {*oauth.SCOPES, "https://www.googleapis.com/auth/gmail.modify", "https://mail.google.com/"}


def keys() -> Iterator[Finding]:
    """Whether TOKEN_ENCRYPTION_KEYS opens every secret, the first of them all."""
    newest, unreadable, older = Fernet(settings.TOKEN_ENCRYPTION_KEYS[0]), 0, 0
    for model, name in encrypted():
        for secret in _raw(model, name):
            try:
                decrypt(secret)
            except Undecryptable:
                unreadable += 1
            else:
                older += not _opens(newest, secret)
    if unreadable:
        yield bad(
            f"No key of TOKEN_ENCRYPTION_KEYS opens {many(unreadable, 'stored secret')}.",
            "Add the key that they were encrypted with at the end of the list, or connect these mailboxes again.",
        )
    elif older:
        yield note(f"Encrypted with an older key: {many(older, 'secret')}.", "Run `manage.py rotate_token_keys`.")
    else:
        yield ok("The newest key opens every stored secret.")


def dead() -> Iterator[Finding]:
    """What is known to be over, or soon will be."""
    lost = list(Account.objects.filter(state=Account.State.RECONNECT).order_by("pk").values_list("email", flat=True))
    if lost:
        yield bad(
            f"Google lets us into {many(len(lost), 'mailbox', 'mailboxes')} no more: {_named(lost)}.",
            "Their owners press Reconnect.",
        )
    soon = Account.objects.scheduled().filter(grant_ends_at__lt=datetime.now(UTC) + SOON).order_by("grant_ends_at")
    if ending := list(soon.values_list("email", flat=True)):
        yield note(
            f"Within two days the grant ends of {many(len(ending), 'mailbox', 'mailboxes')}: {_named(ending)}.",
            "A project in Testing gives them for seven days: publish it (docs/google.md), then reconnect.",
        )
    if not lost:
        yield ok("No grant is known to have ended.")


def scopes() -> Iterator[Finding]:
    """What Google says of each grant itself."""
    accounts = Account.objects.scheduled().order_by("pk")
    asked = 0
    for account in accounts[:MOST_ASKED]:
        trouble = _trouble(account)
        asked += 1
        if trouble is not None:
            yield trouble
    left = accounts.count() - asked
    yield ok(f"Asked Google about {many(asked, 'grant')}" + (f"; about {left} more nobody asked." if left > 0 else "."))


def _trouble(account: Account) -> Finding | None:
    try:
        grant = json.loads(account.credentials or "{}")
        if grant.get("type") != "user":
            return None  # a delegation: the administrator's console holds its scopes
        granted = oauth.granted(oauth_client(), grant.get("refresh_token", ""))
    except Undecryptable:
        return None  # told by another check
    except GrantRevoked:
        return bad(f"The grant of {account.email} has ended.", "Its owner presses Reconnect.")
    except GmailError as error:
        return bad(f"Google does not say what the grant of {account.email} allows: {error}.", "Try again in a while.")
    if not granted & READING:
        return bad(f"The grant of {account.email} does not allow to read mail.", "Reconnect it, with every box ticked.")
    if METADATA in granted:
        return bad(
            f"The grant of {account.email} holds gmail.metadata, too: Gmail then refuses the text of mail.",
            "Its owner removes this application under myaccount.google.com/connections, then connects again.",
        )
    return None


def _raw(model: type[Model], name: str) -> Iterator[str]:
    rows = model._base_manager.exclude(**{f"{name}__exact": ""}).annotate(_raw=Cast(name, TextField())).order_by("pk")
    yield from rows.values_list("_raw", flat=True)[:MOST_SECRETS]


def _opens(key: Fernet, secret: str) -> bool:
    try:
        key.decrypt(secret.encode())
    except InvalidToken:
        return False
    return True


def _named(emails: list[str]) -> str:
    more = f" and {len(emails) - MOST_NAMED} more" if len(emails) > MOST_NAMED else ""
    return ", ".join(emails[:MOST_NAMED]) + more
