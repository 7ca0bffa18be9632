"""Signed tokens: Google's for push notifications, service accounts' for delegation."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

KEY_ID = "simulator-key-1"


class SigningError(Exception):
    """The token is not one that this simulator's key has signed."""


class Signer:
    """One RSA key for everything, made when it is first needed."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def sign(self, claims: Mapping[str, object]) -> str:
        """A JWT, RS256."""
        header = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
        signed = f"{_encode(orjson.dumps(header))}.{_encode(orjson.dumps(claims))}"
        return f"{signed}.{_encode(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def verify(self, token: str) -> dict[str, object]:
        """The claims of a JWT that our key has signed. Raises SigningError."""
        signed, _, signature = token.rpartition(".")
        try:
            self._key.public_key().verify(_decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
            claims = orjson.loads(_decode(signed.split(".")[1]))
        except (InvalidSignature, ValueError, IndexError):
            raise SigningError("Signature is invalid.") from None
        if not isinstance(claims, dict):
            raise SigningError("Claims are not an object.")
        return claims

    @cached_property
    def certificates(self) -> dict[str, str]:
        """{kid: certificate in PEM}, as /oauth2/v1/certs has it."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.simulator")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=365))
        certificate = builder.sign(self._key, hashes.SHA256())
        return {KEY_ID: certificate.public_bytes(serialization.Encoding.PEM).decode()}

    def service_account(self, token_uri: str) -> dict[str, str]:
        """The key file of a service account that may act for every mailbox."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "simulator",
            "private_key_id": KEY_ID,
            "private_key": pem.decode(),
            "client_email": "delegate@simulator.iam.gserviceaccount.com",
            "client_id": "100000000000000000001",
            "token_uri": token_uri,
        }


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
