"""Which errors each operation of the API may answer."""

from typing import Any

SYNC = ("no_account", "account_required", "paused", "reconnect_needed")
PARTICULAR = {
    "sync_smart": SYNC,
    "sync_simple": SYNC,
    "sync_today": SYNC,
    "sync_week": SYNC,
    "sync_batch": (*SYNC, "busy", "gmail_unavailable", "sync_failed"),
    "sync_check": (*SYNC, "gmail_unavailable"),
    "accounts_failures_retry": ("paused", "reconnect_needed"),
    "accounts_confirm_empty": ("nothing_to_confirm", "paused", "reconnect_needed"),
    "jobs_cancel": ("already_finished",),
    "jobs_retry": ("not_retryable", "account_gone", "paused", "reconnect_needed"),
    "messages_raw": ("reconnect_needed", "busy", "gmail_unavailable"),
    "messages_attachment": ("range_not_satisfiable", "reconnect_needed", "busy", "gmail_unavailable"),
}
EVERYWHERE = ("invalid", "not_authenticated", "bad_token", "throttled")
ANY_ACCEPT = {"messages_raw", "messages_attachment"}  # bytes come whatever the client says it accepts


def codes_of(verb: str, operation: dict[str, Any]) -> list[str]:
    """The codes that an operation of the schema may answer."""
    name = operation["operationId"]
    places = {(each["in"], each["name"]) for each in operation.get("parameters", [])}
    codes = [*EVERYWHERE, *PARTICULAR.get(name, ())]
    if any(place == "path" for place, _ in places) or ("query", "account") in places:
        codes.append("not_found")
    if name not in ANY_ACCEPT:
        codes.append("not_acceptable")
    if verb != "get":
        codes.append("csrf_failed")
    if ("header", "Idempotency-Key") in places:
        codes += ["in_progress", "idempotency_key_reused"]
    if "requestBody" in operation:
        codes += ["parse_error", "too_large", "unsupported_media_type"]
    return codes
