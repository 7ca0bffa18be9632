"""Lead each process to Postgres: directly, or through a pooler that hands out connections by the transaction."""

from typing import Any

import environ

from config import env, pool

POOLER = env.choice("DATABASE_POOLER", "none", "transaction")
POOL = env.number("DATABASE_POOL", 20)  # connections of a web process at most; 0: none is kept

# No transaction of ours waits for the network: one that idles belongs to a worker that was stopped in the middle of a
# page, and must let go of its row before the job is declared silent.
# Nor is any query of ours worth compiling.
SESSION = {
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "5s",
    "jit": "off",
    "statement_timeout": "1min",
}


def databases(role: str) -> dict[str, dict[str, Any]]:
    """Django's DATABASES for a process that is "web", "worker" or "command"."""
    found = {
        **environ.Env.db_url_config(env.text("DATABASE_URL")),
        "CONN_MAX_AGE": 600 if role == "worker" else 0,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": POOLER == "transaction",
    }
    found.setdefault("OPTIONS", {}).update(
        connect_timeout=5,
        keepalives_idle=30,
        tcp_user_timeout=30_000,
        application_name=f"mailsync {role}",
        **_session(role),
    )
    if role == "web" and POOL:
        found["OPTIONS"]["pool"] = pool.options(POOL)
    return {"default": found}


def _session(role: str) -> dict[str, str]:
    """Settings of the session. Behind a pooler there is none: the database role has them (docs/operations.md)."""
    if POOLER == "transaction":
        return {}
    own = SESSION | ({"statement_timeout": "0"} if role == "command" else {})
    return {"options": " ".join(f"-c {name}={value}" for name, value in own.items())}
