"""Ask for a second proof at sign-in: a code of an authenticator application (RFC 6238), or a recovery code."""

import base64
import hashlib
import secrets
import time
from datetime import timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django_otp.oath import TOTP

from mailsync import audit
from mailsync.models import RecoveryCode, SecondStep
from syncjobs.clock import SyncNow, in_

ISSUER = "mailsync"
STEP, DIGITS = 30, 6  # what every authenticator takes for granted
TOLERANCE = 1  # half minutes that clocks may differ
CODES, ALPHABET = 10, "abcdefghjkmnpqrstuvwxyz23456789"
FREE, LONGEST = 3, timedelta(hours=1)  # wrong codes without a pause; the longest pause between later ones


class TooMany(Exception):
    """So many codes were wrong that none is looked at for a while."""


def is_on(user: User) -> bool:
    """Whether this user needs a code."""
    return SecondStep.objects.filter(user=user, confirmed_at__isnull=False).exists()


def is_demanded(user: User) -> bool:
    """Whether this user may not do without."""
    return bool(settings.STAFF_SECOND_STEP and user.is_staff)


def begin(user: User) -> SecondStep:
    """The secret to be proven; the same until it is, so that a page may be reloaded."""
    fresh = base64.b32encode(secrets.token_bytes(20)).decode()
    return SecondStep.objects.get_or_create(user=user, defaults={"secret": fresh})[0]


def address(step: SecondStep) -> str:
    """What the picture says to an authenticator."""
    name = quote(f"{ISSUER}:{step.user.get_username()}")
    return f"otpauth://totp/{name}?" + urlencode({"secret": step.secret, "issuer": ISSUER})


def confirm(user: User, code: str) -> list[str]:
    """Switch it on with a first right code: the recovery codes, which are told once; [] for a wrong one. Raises TooMany."""
    with transaction.atomic():
        step = _locked(user)
        if step is None or step.confirmed_at is not None or not _fits(step, code):
            return []
        SecondStep.objects.filter(user=user).update(confirmed_at=SyncNow())
        audit.record("second_step_on", by=user)
        return renew_codes(user)


def check(user: User, code: str) -> bool:
    """Whether the code lets this user in; each is good once. Raises TooMany."""
    with transaction.atomic():
        step = _locked(user)
        if step is None or step.confirmed_at is None:
            return False
        if _is_recovery_code(user, code):
            audit.record("recovery_code_used", by=user, left=RecoveryCode.objects.filter(user=user).count())
            return True
        return _fits(step, code)


def renew_codes(user: User) -> list[str]:
    """Ten new recovery codes instead of those before."""
    codes = ["-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(code)) for code in codes)
    return codes


def switch_off(user: User, *, by: User | str) -> bool:
    """Let the password do; whether it was on."""
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        gone, _rows = SecondStep.objects.filter(user=user).delete()
        if gone:
            audit.record("second_step_off", by=by, user=user.get_username())
    return bool(gone)


def _locked(user: User) -> SecondStep | None:
    """The row, held so that no code is used twice at once. Raises TooMany."""
    step = SecondStep.objects.select_for_update().filter(user=user).first()
    if step is not None and not SecondStep.objects.filter(user=user, not_before__lte=SyncNow()).exists():
        raise TooMany
    return step


def _fits(step: SecondStep, code: str) -> bool:
    digits = "".join(code.split())
    totp = TOTP(base64.b32decode(step.secret), step=STEP, digits=DIGITS)
    totp.time = time.time()
    whole = len(digits) == DIGITS and digits.isascii() and digits.isdecimal()
    if whole and totp.verify(int(digits), tolerance=TOLERANCE, min_t=step.last_used + 1):
        SecondStep.objects.filter(pk=step.pk).update(last_used=totp.t(), failures=0)
        return True
    failures = step.failures + 1
    pause = min(timedelta(seconds=2 ** min(failures - FREE, 20)), LONGEST) if failures >= FREE else timedelta()
    SecondStep.objects.filter(pk=step.pk).update(failures=F("failures") + 1, not_before=in_(pause))
    return False


def _is_recovery_code(user: User, code: str) -> bool:
    return bool(RecoveryCode.objects.filter(user=user, digest=_digest(code)).delete()[0])


def _digest(code: str) -> str:
    """Fifty random bits, guarded by the same pauses as the codes."""
    plain = "".join(letter for letter in code.lower() if letter in ALPHABET)
    return hashlib.sha256(plain.encode()).hexdigest()
