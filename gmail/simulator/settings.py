"""How a simulator is set up."""

from dataclasses import dataclass, field
from pathlib import Path

from gmail.simulator.mailbox import WEEK


@dataclass(frozen=True)
class PushSettings:
    """Where notifications go ("" is nowhere) and how: `duplicates` and `reordered` are shares, `numbers` makes
    historyId a number, `backoff` is the wait in seconds before the second try; `audience` "" is the endpoint."""

    endpoint: str = ""
    audience: str = ""
    account: str = "push@simulator.iam.gserviceaccount.com"
    subscription: str = "projects/simulator/subscriptions/gmail"
    duplicates: float = 0.0
    reordered: float = 0.0
    numbers: bool = False
    backoff: float = 1.0


@dataclass(frozen=True)
class Settings:
    """`now` is the present of the seeded mail in seconds since 1970; limits of 0 mean none; times are in seconds."""

    accounts: tuple[str, ...]
    messages: int
    seed: int
    now: float
    corpus: Path | None = None
    state: Path | None = None
    client_id: str = "simulator"
    client_secret: str = field(default="simulator", repr=False)
    quota: int = 0
    project_quota: int = 0
    prices: str = "2026"
    quota_style: str = "403"
    concurrency: int = 50
    latency: str = "none"
    history_ttl: float = WEEK
    token_lifetime: int = 3599
    grant_lifetime: int = 0
    attachment_ttl: float = 3600.0
    page_tokens: str = "value"
    disorder: float = 0.0
    gzip: bool = False
    keepalive: float = 75.0
    push: PushSettings = PushSettings()
