"""The words of mail for codes that jobs and accounts keep."""

from django.utils.translation import gettext_lazy as _

MODES = {
    "full": _("Full sync"),
    "incremental": _("Sync of what is new"),
    "reconcile": _("Comparison with Gmail"),
    "window": _("Sync of recent mail"),
    "batch": _("Next messages"),
    "backfill": _("Original messages"),
}

PHASES = {
    "listing": _("listing"),
    "fetching": _("fetching"),
    "replaying": _("catching up"),
    "labels": _("comparing labels"),
    "certifying": _("proving"),
    "fetching_raw": _("fetching originals"),
}

TEXTS = {
    "listing": _("Listing what Gmail has"),
    "fetching": _("Fetching mail, newest first"),
    "replaying": _("Catching up with what changed meanwhile"),
    "labels": _("Comparing labels"),
    "certifying": _("Proving that nothing is missing"),
    "fetching_raw": _("Fetching original messages while nobody else needs Gmail's quota"),
    "raw_refused": _("Gmail would not give the original of message %(gmail_id)s (%(reason)s); it is tried again"),
    "more_to_do": _("There is more to fetch"),
    "waiting_for_gmail_quota": _("Waiting %(seconds)s s for Gmail's quota"),
    "gmail_hiccup": _("Gmail is slow to answer; trying again in %(seconds)s s"),
    "gmail_unreachable": _("Gmail cannot be reached at the moment; trying again by itself"),
    "gmail_refused": _("Gmail refuses access (%(reason)s)"),
    "delegation_refused": _("The Workspace does not let this service account read the mailbox (unauthorized_client)"),
    "reconnect_needed": _("Google no longer lets us in: reconnect this mailbox"),
    "history_expired": _("Gmail no longer remembers what changed since the last sync: the whole mailbox is compared"),
    "suddenly_empty": _(
        "Gmail lists %(listed)s messages, although this mirror holds %(mirrored)s: nothing was marked as deleted"
    ),
    "account_gone": _("This mailbox was disconnected"),
    "credentials_unreadable": _("The stored grant cannot be decrypted: reconnect this mailbox"),
    "disconnected": _("Disconnected: what was mirrored stays; connect this mailbox again to go on"),
    "reconnected": _("Connected again: the next sync goes on with what is mirrored"),
    "never_synced": _("Not synced yet"),
    "sync_started": _("Sync started"),
    "sync_adopted": _("A sync is already under way; it does what was asked for"),
    "sync_done": _("Synced"),
    "sync_failed": _("The last sync failed"),
    "sync_cancelled": _("The last sync was cancelled"),
}

# Why the exact bytes of a message cannot be had.
MISSING = {
    "gone": _("Gmail no longer has it"),
    "reconnect_needed": _("it is not held yet, and Google does not let us in: connect this mailbox again"),
    "quota": _("it is not held yet, and Gmail's quota is used up"),
    "unreachable": _("it is not held yet, and Gmail does not give it at the moment"),
    "damaged": _("what is held of it is damaged"),
}
