"""Remember in the session which consents a person has gone to Google for."""

import secrets
import time
from dataclasses import asdict, dataclass

from django.contrib.sessions.backends.base import SessionBase

KEY = "pending_consents"
LIFE = 600.0  # seconds
MOST = 5  # tabs at once; the oldest is forgotten


@dataclass(frozen=True, slots=True)
class Pending:
    """A consent on its way: the PKCE verifier; the mailbox that it is meant to reconnect, if any."""

    verifier: str
    account: int | None = None


def new_state() -> str:
    """What Google will hand back: it proves that the answer belongs to a question of this session."""
    return secrets.token_urlsafe(32)


def keep(session: SessionBase, state: str, pending: Pending) -> None:
    """Expect the answer to `state`."""
    kept = sorted(_fresh(session).items(), key=lambda item: item[1]["at"])[-(MOST - 1) :]
    session[KEY] = {**dict(kept), state: {**asdict(pending), "at": time.time()}}


def take(session: SessionBase, state: str) -> Pending | None:
    """What was asked with `state`, once only; None when nothing was, or too long ago.

    Saved at once: a server error later in the request would leave the session as it was, and the state good again.
    """
    kept = _fresh(session)
    found = kept.pop(state, None)
    if found is None:
        return None
    session[KEY] = kept
    session.save()
    return Pending(found["verifier"], found["account"])


def _fresh(session: SessionBase) -> dict[str, dict]:
    since = time.time() - LIFE
    return {state: kept for state, kept in session.get(KEY, {}).items() if kept["at"] > since}
