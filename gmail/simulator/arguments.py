"""What the command line says."""

import argparse
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from gmail.simulator.latency import Latency
from gmail.simulator.mailbox import WEEK
from gmail.simulator.settings import PushSettings, Settings

Add = Callable[..., argparse.Action]
SETTINGS = frozenset(field.name for field in fields(Settings))

DESCRIPTION = """\
Gmail's HTTP API, OAuth and Pub/Sub push on one address, for programs that synchronise mail.

Prints one line, "gmail simulator ready on http://HOST:PORT", when it answers; SIGTERM or SIGINT end it at once.

  API      /gmail/v1/users/...   and /batch, as at gmail.googleapis.com
  OAuth    /o/oauth2/v2/auth (consent page), /token, /revoke, /oauth2/v1/certs
           The refresh token sim-refresh-ADDRESS is good for the mailbox ADDRESS without consent.
  control  POST /control/deliver       {"email", "count"}, or "messages": [{"raw"} or {"from", "text", ...}]
           POST /control/labels        {"email", "ids", "add", "remove"}
           POST /control/trash         {"email", "ids"}
           POST /control/delete        {"email", "ids"}            for good
           POST /control/create-label  {"email", "name"}
           POST /control/expire-history {"email"}                  every historyId given out is too old
           POST /control/expire-tokens {"email"}                   access tokens end
           POST /control/expire-codes  {}                          codes of consents end
           POST /control/consents      {"lifetime", "lasting"}     seconds that later grants live; false: no refresh tokens
           POST /control/revoke        {"email"}                   all grants end
           POST /control/grant         {"email"}                   sim-refresh-ADDRESS is good again
           POST /control/faults        {"rules": [{"match": {"method", "ids", "email", "every"}, "fault", "times",
                                                   "seconds", "probability"}]}
           POST /control/latency       {"latency": "none" | "realistic" | seconds}
           GET  /control/spends        the charges of the last ten minutes
           POST /control/quota         {"user", "project", "style", "concurrency"}
           POST /control/push          {"endpoint", "audience", "account", "duplicates", "numbers", ...}
           POST /control/reset-stats   {}
           GET  /control/stats         requests, units, gets per message
           GET  /control/mailbox?email=ADDRESS&hashes=0            the truth, with sha256 of each raw message
           GET  /control/secrets                                   every token and code handed out
           GET  /control/service-account                           a key that may act for every mailbox

Programs that know no other address than Google's come through --proxy PORT --proxy-ca FILE: give them
HTTPS_PROXY=http://127.0.0.1:PORT and the certificate in FILE (SSL_CERT_FILE, REQUESTS_CA_BUNDLE, HTTPLIB2_CA_CERTS,
NODE_EXTRA_CA_CERTS), and client id, secret and refresh token as above.

faults: 401 403 404 429 500 502 503 504 concurrent user_rate_limit retry_after daily_limit domain_policy
        failedPrecondition history404 expired_page_token reset truncate hang slow missing_part empty_page
        absent_labels duplicate_records. A method is named as in messages.get, history.list; also batch and token.
"""


def read(options: argparse.Namespace) -> Settings:
    """Settings from the command line. Raises ValueError."""
    Latency.read(options.latency)
    text: str = options.accounts
    numbered = tuple(f"user{n}@example.com" for n in range(1, int(text) + 1)) if text.isdigit() else ()
    accounts = numbered or tuple(email.strip() for email in text.split(",") if "@" in email)
    if not accounts:
        raise ValueError("--accounts needs addresses or a number above 0")
    if (options.proxy is None) is not (options.proxy_ca is None):
        raise ValueError("--proxy and --proxy-ca belong together")
    if options.corpus is not None and not options.corpus.is_dir():
        raise ValueError(f"{options.corpus} is not a directory")
    given = {name: value for name, value in vars(options).items() if name in SETTINGS}
    push = PushSettings(options.push_endpoint, options.push_audience, options.push_account)
    return Settings(**given | {"accounts": accounts, "now": options.now or time.time(), "push": push})


def parser() -> argparse.ArgumentParser:
    """All options, with a --help that is the manual."""
    found = argparse.ArgumentParser(
        "python -m gmail.simulator", description=DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter
    )
    _mail(found.add_argument)
    for title, fill in (("limits", _limits), ("push", _push), ("manners", _manners)):
        fill(found.add_argument_group(title).add_argument)
    return found


def _mail(add: Add) -> None:
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one (0)")
    add(
        "--accounts",
        default="demo@example.com",
        help="addresses with commas between, or a number: user1@example.com ...",
    )
    add("--messages", type=int, default=2000, help="seeded messages of each account (2000)")
    add("--seed", type=int, default=1, help="the same seed and --now give the same mail (1)")
    add("--now", type=float, help="the present of the seeded mail, seconds since 1970 (the time of the start)")
    add("--corpus", type=Path, metavar="DIR", help="the .eml files under DIR instead of seeded mail")
    add(
        "--state", type=Path, metavar="FILE", help="journal that lets mailboxes, changes and grants outlive the process"
    )
    add("--client-id", default="simulator", help="OAuth client id (simulator)")
    add("--client-secret", default="simulator", help="OAuth client secret (simulator)")
    add("--token-lifetime", type=int, default=3599, metavar="SECONDS", help="of access tokens (3599)")
    add(
        "--grant-lifetime",
        type=int,
        default=0,
        metavar="SECONDS",
        help="of grants by consent; Google's projects in testing: 604800; 0: no end (0)",
    )
    add("--proxy", type=int, metavar="PORT", help="also be an HTTPS proxy that answers as Google's own hosts (none)")
    add("--proxy-ca", type=Path, metavar="FILE", help="where the certificate that its clients have to trust is written")


def _limits(add: Add) -> None:
    add(
        "--quota",
        type=int,
        default=0,
        metavar="UNITS",
        help="per minute and user; 0: no limit (0); Gmail: 6000, formerly 15000",
    )
    add("--project-quota", type=int, default=0, metavar="UNITS", help="per minute for all users; Gmail: 1200000 (0)")
    add("--prices", choices=("2026", "2021"), default="2026", help="unit costs: a get is 20 or 5 (2026)")
    add("--quota-style", choices=("403", "429", "retry-after"), default="403", help="how a refusal is worded (403)")
    add(
        "--concurrency",
        type=int,
        default=50,
        metavar="N",
        help="calls of one user in flight, parts of batches counted; 0: any (50)",
    )


def _push(add: Add) -> None:
    add("--push-endpoint", default="", metavar="URL", help="where notifications of watched mailboxes go")
    add("--push-audience", default="", help="of their tokens (the endpoint)")
    add("--push-account", default=PushSettings.account, help=f"that signs them ({PushSettings.account})")


def _manners(add: Add) -> None:
    add("--latency", default="none", help="none, realistic (0.1 s a call, 0.3 s a batch of 25) or seconds (none)")
    add("--history-ttl", type=float, default=WEEK, metavar="SECONDS", help="how long history is remembered (a week)")
    add(
        "--attachment-ttl",
        type=float,
        default=3600.0,
        metavar="SECONDS",
        help="how long an attachmentId is good (3600)",
    )
    add("--page-tokens", choices=("value", "position"), default="value", help="what a page token points at (value)")
    add("--disorder", type=float, default=0.0, metavar="SHARE", help="of neighbours out of order in messages.list (0)")
    add("--gzip", action="store_true", help="compress for clients with gzip in Accept-Encoding and User-Agent")
    add("--keepalive", type=float, default=75.0, metavar="SECONDS", help="idle connections are closed after (75)")
