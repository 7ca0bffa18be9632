"""A receiver can tell who calls, and when that was said."""

import base64
import hashlib
import hmac

from mailsync.notices.signature import headers, own_key


def signed(key: bytes, headers: dict[str, str], body: bytes) -> str:
    """As the specification of Standard Webhooks says it."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def test_a_call_is_signed_by_the_users_own_key_and_by_the_installations() -> None:
    found = headers("the secret", 7, "notice_1", 1_800_000_000, b'{"type":"failed"}')
    own = base64.b64decode(own_key("the secret", 7).removeprefix("whsec_"))
    assert found["webhook-signature"].split(" ") == [
        signed(own, found, b'{"type":"failed"}'),
        signed(b"the secret", found, b'{"type":"failed"}'),
    ]


def test_another_body_moment_or_user_has_another_signature() -> None:
    variants = [("a", 7, "n", 1, b"x"), ("a", 7, "n", 2, b"x"), ("a", 7, "n", 1, b"y"), ("a", 7, "m", 1, b"x")]
    assert len({headers(*each)["webhook-signature"] for each in variants}) == 4
    assert own_key("a", 7) != own_key("a", 8) != own_key("b", 8)


def test_the_key_of_the_specifications_own_example_is_read_as_base64() -> None:
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    found = headers(key, 1, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found["webhook-signature"].split(" ")[1] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
