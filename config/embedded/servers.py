"""Which servers are ours to run, and the environment that leads to them."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from config.embedded import keys
from config.embedded.home import Home
from config.embedded.postgres import Postgres
from config.embedded.simulator import Simulator
from config.embedded.valkey import Valkey

OFF = {"0", "false", "no", "off"}
FILLED_IN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "TOKEN_ENCRYPTION_KEYS")
NOWHERE = "http://127.0.0.1:9"  # the discard port: what has no simulator must not talk to the real Google by mistake


class Server(Protocol):
    """A program that answers on a port of its own."""

    name: str
    process: subprocess.Popen[bytes] | None

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """The servers to start, in this order, and the variables to set where nobody has set them."""

    servers: list[Server] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


def given(environ: Mapping[str, str], name: str) -> bool:
    """Whether the operator has set the variable, or named a file that holds it."""
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))


def is_production(environ: Mapping[str, str]) -> bool:
    """Whether the operator has set all that the embedded default would fill in, or has turned DEBUG off."""
    return all(given(environ, name) for name in FILLED_IN) or environ.get("DEBUG", "").strip().lower() in OFF


def plan(home: Home, environ: Mapping[str, str], *, simulator: bool, durable: bool = True) -> Plan:
    """What is missing in `environ`, as servers of this home; ports are chosen now, nothing is started."""
    secrets = keys.load(home)
    made = Plan(environment={"MAILSYNC_HOME": str(home.path)})
    if not given(environ, "DATABASE_URL"):
        postgres = Postgres(home, secrets["POSTGRES_PASSWORD"], durable=durable)
        made.servers.append(postgres)
        made.environment["DATABASE_URL"] = postgres.url
    if not given(environ, "REDIS_URL"):
        valkey = Valkey(home, secrets["VALKEY_PASSWORD"])
        made.servers.append(valkey)
        made.environment["REDIS_URL"] = valkey.url
    if not is_production(environ):
        made.environment["MAILSYNC_EMBEDDED"] = "1"
        made.environment.update({name: secrets[name] for name in ("SECRET_KEY", "TOKEN_ENCRYPTION_KEYS")})
        _add_gmail(made, home, environ, simulator)
    return made


def _add_gmail(made: Plan, home: Home, environ: Mapping[str, str], simulator: bool) -> None:
    if given(environ, "GOOGLE_BASE_URL") or given(environ, "GOOGLE_CLIENT_ID"):
        return
    made.environment["GOOGLE_BASE_URL"] = NOWHERE
    if simulator:
        server = Simulator(home)
        made.servers.append(server)
        made.environment.update(GOOGLE_BASE_URL=server.url, MAILSYNC_SIMULATOR="1")
        made.environment.update(GMAIL_USER_UNITS_PER_MINUTE="0", GMAIL_PROJECT_UNITS_PER_MINUTE="0")
