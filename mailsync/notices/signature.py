"""Sign what is sent to a webhook, as Standard Webhooks describes it: pure."""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"


def own_key(secret: str, user_id: int) -> str:
    """The key of one user, made from the installation's secret, which it does not give away."""
    digest = hmac.digest(_bytes(secret), f"mailsync webhook of user {user_id}".encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(digest).decode()


def headers(secret: str, user_id: int, notice_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Two signatures, of which a receiver needs one: by the user's own key, and by the secret for the operator's receivers.

    The moment is signed with the body, so that an old message sent again can be told by its age.
    """
    signed = b".".join((notice_id.encode(), str(timestamp).encode(), body))
    keys = (_bytes(own_key(secret, user_id)), _bytes(secret))
    found = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{each}" for each in found),
    }


def _bytes(key: str) -> bytes:
    """A key as it signs: `whsec_` introduces base64."""
    if key.startswith(PREFIX):
        try:
            return base64.b64decode(key.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return key.encode()
