"""The running server keeps what its schema promises: schemathesis asks it thousands of questions."""

import copy
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import available_timezones

import pytest
import schemathesis
import yaml
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils.crypto import get_random_string
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from mailsync import tokens
from mailsync.connect import connect
from mailsync.credentials import user_grant
from mailsync.models import Account, ApiToken
from mailsync.schedule import request_sync
from syncjobs.models import SyncJob
from syncjobs.states import Trigger
from tests.flows.conftest import free_port
from tests.flows.product import ROOT, Started
from tests.mailsync.api.inhabited import Ids, fail, inhabit
from tests.mailsync.simulated import Gmail

SCHEMA = yaml.safe_load((ROOT / "openapi.yaml").read_text())
OPERATIONS = {f"{verb.upper()} {path}" for path, calls in SCHEMA["paths"].items() for verb in calls}
SEED = 20261122
DOOMED = 12  # of bob's accounts, each with an active job: to be paused, cancelled, deleted
FAR_AWAY = 2**53  # an id that nothing guesses
EXPECTED = ["2xx", "3xx", "401", "403", "404", "409", "429", "5xx"]  # schemathesis' own for valid data
ENGINE = {
    "seed": SEED,
    "generation": {"deterministic": True, "database": "none", "no-shrink": True, "max-examples": 3},
    "phases": {"stateful": {"generation": {"max-examples": 5}}},
    # 422: a valid Idempotency-Key that an earlier case used up for another request.
    "checks": {"positive_data_acceptance": {"expected-statuses": [*EXPECTED, "422"]}},
}
schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(available_timezones())))
# A signed cursor cannot be made up; an empty one begins at the beginning.
schemathesis.openapi.format("cursor", st.just(""))


class Web(Started):
    """The web process alone, as the Procfile starts it, on the database of this test."""

    def __init__(self, port: int, gmail: Gmail) -> None:
        parts = urlsplit(os.environ["DATABASE_URL"])
        database = urlunsplit(parts._replace(path="/" + connection.settings_dict["NAME"]))
        environment = os.environ | {
            "DATABASE_URL": database,
            "PORT": str(port),
            "MAILSYNC_ROLE": "web",
            "DEBUG": "off",
            "API_THROTTLES": "off",
            "GOOGLE_BASE_URL": gmail.url,
            "GOOGLE_CLIENT_ID": "simulator",
            "GOOGLE_CLIENT_SECRET": "simulator",
            "GMAIL_USER_UNITS_PER_MINUTE": "0",
            "GMAIL_PROJECT_UNITS_PER_MINUTE": "0",
        }
        options = ["--host", "127.0.0.1", "--lifespan", "off", "--no-access-log", "--timeout-graceful-shutdown", "3"]
        command = [sys.executable, "-m", "config.uvicorn", "config.asgi:application", "--port", str(port), *options]
        super().__init__(command, environment, r"running on (\S+)")


@pytest.fixture
def web(gmail: Gmail, transactional_db: None) -> Iterator[Web]:
    started = Web(free_port(), gmail)
    yield started
    started.stop()


@dataclass
class Heard:
    """What was asked, what it was answered, what was wrong with that."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: dict[str, str] = field(default_factory=dict)

    def note(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.NonFatalError):
            self.wrong[f"{event.label}: {event.value!r}"[:300]] = ""
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            for case_id, node in event.recorder.cases.items():
                self._note_case(event, case_id, node.value)

    def _note_case(self, event: events.ScenarioFinished, case_id: str, case: Any) -> None:
        response = event.recorder.find_response(case_id=case_id)
        if response is None:
            return
        if case.method == case.operation.method.upper():
            self.statuses[case.operation.label][response.status_code] += 1
        for check in event.recorder.checks.get(case_id, []):
            if check.failure_info is not None:
                title = f"{case.operation.label}: {check.name}: {check.failure_info.failure.title}"
                self.wrong.setdefault(title, f"{check.failure_info.failure.message}\n{check.failure_info.code_sample}")

    def report(self) -> str:
        """Each thing that is wrong, once, with a way to see it again."""
        return "\n".join(f"{title}\n{details[:1500]}\n" for title, details in self.wrong.items())

    def table(self) -> str:
        """Cases and answers of each operation."""
        rows = [
            f"{sum(count.values()):6} {label:60} {dict(sorted(count.items()))}"
            for label, count in self.statuses.items()
        ]
        return "\n".join(
            [*sorted(rows, key=lambda row: row[7:]), f"{sum(map(Counter.total, self.statuses.values())):6}"]
        )


def with_examples(examples: dict[tuple[str, str], str | int]) -> dict[str, Any]:
    """The schema with examples that exist here, by operation and parameter; `*` stands for every operation."""
    schema = copy.deepcopy(SCHEMA)
    for operation in (call for calls in schema["paths"].values() for call in calls.values()):
        if (
            operation["operationId"] != "sync_smart"
        ):  # one decorator honours the key: everywhere else most cases were 422
            operation["parameters"] = [
                each for each in operation.get("parameters", []) if each["name"] != "Idempotency-Key"
            ]
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            found = examples.get((operation["operationId"], name), examples.get(("*", name)))
            if found is not None:
                parameter["example"] = found
    return schema


def ask(web: Web, schema: dict[str, Any], **configuration: Any) -> Heard:
    """Run all phases of schemathesis: examples, coverage, fuzzing, sequences along links."""
    config = SchemathesisConfig.from_dict({"base-url": web.address, **ENGINE, **configuration})
    heard = Heard()
    for event in from_schema(schemathesis.openapi.from_dict(schema, config=config)).execute():
        heard.note(event)
    return heard


@pytest.fixture
def bob(gmail: Gmail) -> User:
    """Who has mailboxes to lose, each with a job under way."""
    owner = User.objects.create_user("bob")
    for number in range(DOOMED):
        doomed = connect(owner, f"bob{number}@example.com", user_grant("sim-refresh-nobody"))
        request_sync(doomed, trigger=Trigger.BUTTON)
    return owner


def key(user: User) -> dict[str, str]:
    """A token as a header. Its id is far away: no case deletes it."""
    token, secret = tokens.issue(user, "key", None)
    ApiToken.objects.filter(pk=token.pk).update(id=FAR_AWAY + user.pk)
    return {"Authorization": f"Token {secret}"}


def session(web: Web, user: User) -> dict[str, str]:
    """A browser's session as headers, with its CSRF token."""
    browser = Client()
    browser.force_login(user)
    csrf = get_random_string(32)
    return {
        "Cookie": f"sessionid={browser.cookies['sessionid'].value}; csrftoken={csrf}",
        "X-CSRFToken": csrf,
        "Referer": web.address,
    }


def overrides(web: Web, anna: User, ids: Ids, bob: User) -> dict[str, Any]:
    """Real ids for most cases; what destroys is done by bob, what deletes tokens by a session."""
    accounts = list(Account.objects.filter(owner=bob).order_by("pk").values_list("pk", flat=True))
    jobs = list(SyncJob.objects.filter(owner=bob).values_list("task_id", flat=True))
    emptied = connect(bob, "emptied@example.com", user_grant("sim-refresh-nobody"))
    fail(emptied)
    spare = [tokens.issue(anna, f"spare {number}", None)[0].pk for number in range(DOOMED)]
    words = {
        "account": [str(ids.account)],
        "job": [ids.finished, ids.failed],
        "failed": [ids.failed],
        "message": [ids.gmail_id],
        "part": [ids.part_id],
        "thread": [ids.thread_id],
        "doomed account": [str(pk) for pk in accounts[4:]],
        "restless account": [str(pk) for pk in accounts[:4]],
        "emptied account": [str(emptied.pk)],
        "doomed job": jobs,
        "spare token": [str(pk) for pk in spare],
        "own account": [ids.account],
        "key": [f"key {number}" for number in range(1000)],
    }
    by_bob = {"headers": key(bob)}
    return {
        "dictionaries": {name: {"values": values} for name, values in words.items()},
        "parameters": {
            "path.gmail_id": mostly("message"),
            "path.part_id": mostly("part"),
            "path.thread_id": mostly("thread"),
            "path.task_id": mostly("job"),
            "path.id": mostly("account"),
            "query.account": mostly("own account"),
            "header.Idempotency-Key": mostly("key"),
        },
        "operations": [
            {"include-operation-id": "jobs_retry", "parameters": {"path.task_id": mostly("failed")}},
            {"include-operation-id": "jobs_cancel", "parameters": {"path.task_id": mostly("doomed job")}, **by_bob},
            {"include-operation-id": "accounts_pause", "parameters": {"path.id": mostly("restless account")}, **by_bob},
            {
                "include-operation-id": "accounts_disconnect",
                "parameters": {"path.id": mostly("doomed account")},
                **by_bob,
            },
            {"include-operation-id": "tokens_delete", "parameters": {"path.id": mostly("spare token")}},
            {
                "include-operation-id": "accounts_confirm_empty",
                "parameters": {"path.id": mostly("emptied account")},
                **by_bob,
            },
            {"include-tag": "tokens", "headers": session(web, anna)},
        ],
    }


def examples(configuration: dict[str, Any]) -> dict[tuple[str, str], str | int]:
    """The first word of each dictionary, for the parameters that it is used for."""
    narrow = [(each.get("include-operation-id"), each.get("parameters", {})) for each in configuration["operations"]]
    return {
        (operation, parameter.partition(".")[2]): configuration["dictionaries"][use["dictionary"]]["values"][0]
        for operation, parameters in [("*", configuration["parameters"]), *narrow]
        for parameter, use in parameters.items()
        if parameter != "header.Idempotency-Key"  # good for one call only
    }


def mostly(word: str) -> dict[str, Any]:
    """Two of three values come from a dictionary."""
    return {"dictionary": word, "probability": 0.67}


@pytest.mark.timeout(400)  # a thousand questions to one server: half a minute on an idle machine
def test_the_server_keeps_what_the_schema_promises(
    web: Web, account: Account, bob: User, record_property: Callable[[str, object], None]
) -> None:
    ids = inhabit(account)
    anna = User.objects.get(pk=account.owner_id)
    configuration = overrides(web, anna, ids, bob)
    heard = ask(web, with_examples(examples(configuration)), headers=key(anna), **configuration)

    record_property("summary", f"schemathesis, seed {SEED}: cases and answers of each operation\n{heard.table()}")
    assert not heard.wrong, heard.report()
    assert heard.statuses.keys() == OPERATIONS
    unheard = [label for label, statuses in heard.statuses.items() if not any(200 <= each < 300 for each in statuses)]
    assert not unheard, "never a 2xx"
    assert not [each for statuses in heard.statuses.values() for each in statuses if each in (429, 500)]


def test_without_a_key_nothing_opens(web: Web) -> None:
    heard = ask(web, SCHEMA, phases={"coverage": {"enabled": False}, "stateful": {"enabled": False}})

    assert not heard.wrong, heard.report()
    assert heard.statuses.keys() == OPERATIONS
    assert {status for statuses in heard.statuses.values() for status in statuses} <= {400, 401, 404}
    assert all(statuses[401] for statuses in heard.statuses.values())
