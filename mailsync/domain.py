"""Connect the mailboxes of a whole Workspace by its service account, address by address."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from google.oauth2.service_account import Credentials

from gmail import oauth
from gmail.client import GmailClient
from gmail.errors import GmailError, GrantRevoked, Refused
from mailsync.connect import connect
from mailsync.credentials import service_account_grant
from mailsync.encryption import Undecryptable
from mailsync.models import Account

TIMEOUT = 20.0
CONSOLE = "admin.google.com, Security, API controls, Domain-wide delegation"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an address: "connected", "renewed", "already", "invalid", "refused"; `detail` in words."""

    address: str
    word: str
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether the mailbox is connected now."""
        return self.word in ("connected", "renewed", "already")


def addresses(lines: Iterable[str]) -> Iterator[str]:
    """One address a line; what follows # is a remark, and an address is taken once."""
    seen: set[str] = set()
    for line in lines:
        address = line.partition("#")[0].strip().strip(",;").lower()
        if address and address not in seen:
            seen.add(address)
            yield address


def connect_all(
    owner: User, lines: Iterable[str], info: dict[str, Any], policy: str, *, check: bool = True
) -> Iterator[Outcome]:
    """Each address of the list as it is done with. Run again, it does what is left: what is connected stays as it is."""
    for address in addresses(lines):
        yield _connect(owner, address, info, policy, check)


def _connect(owner: User, address: str, info: dict[str, Any], policy: str, check: bool) -> Outcome:
    try:
        validate_email(address)
    except ValidationError:
        return Outcome(address, "invalid", "this is no e-mail address")
    held = Account.objects.filter(owner=owner, email=address).first()
    if held is not None and held.state == Account.State.OK and _holds(held, info):
        return Outcome(address, "already", f"account {held.pk}")
    if check and (trouble := refusal(info, address)):
        return Outcome(address, "refused", trouble)
    account = connect(owner, address, service_account_grant(info), policy, by="manage.py")
    return Outcome(address, "renewed" if held else "connected", f"account {account.pk}")


def _holds(account: Account, info: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(account.credentials or "{}").get("info") == info)
    except Undecryptable:
        return False


def refusal(info: dict[str, Any], address: str) -> str:
    """Why the service account may not read this mailbox, in words for an administrator; "" when it may."""
    try:
        base = settings.GOOGLE_BASE_URL
        credentials: Credentials = oauth.service_account_credentials(info, address, base_url=base)
        gmail = GmailClient(credentials, base_url=base, wait=lambda seconds, _: time.sleep(seconds), timeout=TIMEOUT)
        try:
            mailbox = gmail.get_profile().email.lower()
        finally:
            gmail.close()
    except GmailError as error:
        return explained(error, str(info.get("client_id", "?")))
    return "" if mailbox == address else f"this is another address of {mailbox}: connect that one"


def explained(error: GmailError, client: str) -> str:
    """What an administrator can do about a refusal of a delegated call."""
    word = error.reason if isinstance(error, Refused) else ""
    if word == "unauthorized_client":
        scopes = ",".join(oauth.SCOPES)
        return f"unauthorized_client: under {CONSOLE}, allow the client {client} the scope {scopes} (or no such user)"
    if word == "failedPrecondition":
        return "failedPrecondition: Gmail is not switched on for this user"
    if isinstance(error, GrantRevoked):
        return f"{error} (no such user, a suspended one, or a key that was deleted)"
    return str(error)
