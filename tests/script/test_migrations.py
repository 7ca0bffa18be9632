"""Sample migrations on a database of their own: each rule is broken by one, and what it recommends instead is let pass."""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import connection as default_connection
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations import operations as do
from django.db.migrations.state import ProjectState

# Under the names of two tables of the product, one of which is big.
TABLES = (
    do.CreateModel(
        "Message",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("subject", models.CharField(max_length=20)),
            ("stars", models.IntegerField(null=True)),
            ("spam", models.BooleanField(db_default=False)),
        ],
        options={"constraints": [models.UniqueConstraint(fields=["subject"], name="one_per_subject")]},
    ),
    do.CreateModel("Account", [("id", models.BigAutoField(primary_key=True)), ("email", models.TextField())]),
    do.RunSQL("CREATE FUNCTION old() RETURNS int LANGUAGE sql AS 'SELECT 1'", do.RunSQL.noop),
)
STARS = models.Index(fields=["stars"], name="by_stars")
STARRED = models.CheckConstraint(condition=models.Q(stars__gt=0), name="starred")
FEW = models.CheckConstraint(condition=models.Q(stars__lt=6), name="few_stars")

SAFE = {
    "a nullable column": [do.AddField("message", "note", models.TextField(null=True))],
    "a default of the database": [do.AddField("message", "size", models.IntegerField(db_default=0))],
    "an index of a small table": [do.AddIndex("account", models.Index(fields=["email"], name="by_email"))],
    "an index built concurrently": [AddIndexConcurrently("message", STARS)],
    "a check that is not validated": [AddConstraintNotValid("message", FEW)],
    "a foreign key on a new column": [
        do.AddField(
            "message", "account", models.ForeignKey("mailsync.account", models.CASCADE, null=True, db_index=False)
        )
    ],
    "a wider column": [do.AlterField("message", "subject", models.CharField(max_length=40))],
    "a table of its own": [
        do.CreateModel(
            "Tag", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField(db_index=True))]
        )
    ],
    "a column that only Django forgets": [
        do.SeparateDatabaseAndState(state_operations=[do.RemoveField("message", "stars")])
    ],
    "new rows": [do.RunSQL("INSERT INTO mailsync_account (email) VALUES ('a@example.com')")],
}
UNSAFE = {
    "a column dropped": ("gone: mailsync_message.stars", do.RemoveField("message", "stars")),
    "a column renamed": ("gone: mailsync_message.stars", do.RenameField("message", "stars", "flags")),
    "a table dropped": ("gone: mailsync_account", do.DeleteModel("account")),
    "a table renamed": ("gone: mailsync_account", do.RenameModel("account", "mailbox")),
    "a unique index dropped": (
        "gone: the unique index one_per_subject",
        do.RunSQL("ALTER TABLE mailsync_message DROP CONSTRAINT one_per_subject"),
    ),
    "a function dropped": ("gone: the function old()", do.RunSQL("DROP FUNCTION old()")),
    "a default of Python alone": (
        "not-null: mailsync_message.size",
        do.AddField("message", "size", models.IntegerField(default=0)),
    ),
    "a default taken away": (
        "not-null: mailsync_message.spam",
        do.RunSQL("ALTER TABLE mailsync_message ALTER COLUMN spam DROP DEFAULT"),
    ),
    "an old column made NOT NULL": (
        "not-null: mailsync_message.stars",
        do.AlterField("message", "stars", models.IntegerField()),
    ),
    "an old column made NOT NULL, with a default": (
        "constraint: mailsync_message.stars becomes NOT NULL",
        do.RunSQL("ALTER TABLE mailsync_message ALTER stars SET DEFAULT 0, ALTER stars SET NOT NULL"),
    ),
    "another type": ("rewrite: mailsync_message", do.AlterField("message", "stars", models.BigIntegerField(null=True))),
    "a default that differs by row": (
        "rewrite: mailsync_message",
        do.RunSQL("ALTER TABLE mailsync_message ADD COLUMN key uuid DEFAULT gen_random_uuid()"),
    ),
    "a table emptied": ("rewrite: mailsync_account", do.RunSQL("TRUNCATE mailsync_account")),
    "an index": ("index: by_stars of mailsync_message", do.AddIndex("message", STARS)),
    "an index of raw SQL": (
        "index: raw of mailsync_message",
        do.RunSQL("DO $$ BEGIN EXECUTE 'CREATE INDEX raw ON mailsync_message (stars)'; END $$"),
    ),
    "a unique constraint": (
        "index: one_star of mailsync_message",
        do.AddConstraint("message", models.UniqueConstraint(fields=["stars"], name="one_star")),
    ),
    "a check": ("constraint: few_stars of mailsync_message", do.AddConstraint("message", FEW)),
    "all rows updated": ("rows: UPDATE mailsync_message", do.RunSQL("UPDATE mailsync_message SET stars = 0")),
    "all rows deleted": (
        "rows: DELETE mailsync_message",
        do.RunPython(lambda _, editor: editor.execute("DELETE FROM mailsync_message")),
    ),
    "a wait without end": (
        "lock: ALTER TABLE",
        do.RunSQL("SET LOCAL lock_timeout = 0; ALTER TABLE mailsync_message ALTER COLUMN stars SET STATISTICS 10"),
    ),
}


@pytest.fixture(scope="module")
def lint(load_script: Callable[[str], ModuleType]) -> ModuleType:
    return load_script("migrations")


@pytest.fixture(scope="module")
def aside(lint: ModuleType, django_db_setup: None, django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    """A connection to a database beside that of the tests, where the tables above are and the linter listens."""
    with django_db_blocker.unblock():
        connection = default_connection.copy()
        server = psycopg.connect(
            **connection.get_connection_params() | {"dbname": "postgres", "cursor_factory": None}, autocommit=True
        )
        name = f"{connection.settings_dict['NAME']}_lint"
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
        connection.settings_dict["NAME"] = name
        yield connection
        connection.close()
        server.execute(f"DROP DATABASE {name}")
        server.close()


@pytest.fixture
def tables(lint: ModuleType, aside: BaseDatabaseWrapper) -> ProjectState:
    with aside.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS lint CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    state = run(aside, ProjectState(), *TABLES)
    lint.listen(aside)
    return state


def run(connection: BaseDatabaseWrapper, state: ProjectState, *operations: Any, atomic: bool = True) -> ProjectState:
    migration = Migration("0001", "mailsync")
    migration.operations, migration.atomic = list(operations), atomic
    with connection.schema_editor(atomic=atomic) as editor:
        return migration.apply(state, editor)


def found(lint: ModuleType, connection: BaseDatabaseWrapper, state: ProjectState, *operations: Any) -> list[str]:
    atomic = not any(isinstance(one, AddIndexConcurrently) for one in operations)
    findings = lint.watched(connection, lambda: run(connection, state, *operations, atomic=atomic))
    return [f"{finding.rule}: {finding.what}" for finding in findings]


@pytest.mark.parametrize("what", SAFE)
def test_what_the_running_version_survives_is_allowed(
    lint: ModuleType, aside: BaseDatabaseWrapper, tables: ProjectState, what: str
) -> None:
    assert found(lint, aside, tables, *SAFE[what]) == []


@pytest.mark.parametrize("what", UNSAFE)
def test_what_the_running_version_would_not_survive_is_found(
    lint: ModuleType, aside: BaseDatabaseWrapper, tables: ProjectState, what: str
) -> None:
    complaint, operation = UNSAFE[what]
    assert found(lint, aside, tables, operation) == [complaint]
    assert complaint.split(":")[0] in lint.RULES


def test_every_rule_has_a_sample(lint: ModuleType) -> None:
    assert {complaint.split(":")[0] for complaint, _ in UNSAFE.values()} == set(lint.RULES)


def test_a_check_is_validated_by_a_later_migration(
    lint: ModuleType, aside: BaseDatabaseWrapper, tables: ProjectState
) -> None:
    state = run(aside, tables, AddConstraintNotValid("message", FEW))
    assert found(lint, aside, state, ValidateConstraint("message", "few_stars")) == []
    both = [AddConstraintNotValid("message", STARRED), ValidateConstraint("message", "starred")]
    assert found(lint, aside, state, *both) == ["constraint: starred of mailsync_message"]


def test_a_reason_lets_a_finding_pass_and_one_that_explains_nothing_does_not(lint: ModuleType) -> None:
    migration = Migration("0099_fewer", "mailsync")
    column = [lint.Finding("gone", "mailsync_message.stars")]
    assert list(lint.judged(migration, column)) == [
        f"mailsync/0099_fewer: gone: mailsync_message.stars: {lint.RULES['gone']}"
    ]
    migration.deliberate = {"gone": "not read since 0098"}
    assert list(lint.judged(migration, column)) == []
    assert "explains nothing" in next(lint.judged(migration, []))


def test_big_tables_are_tables_and_what_was_before_the_rules_is_left_alone(lint: ModuleType) -> None:
    assert {model._meta.db_table for model in apps.get_models()} >= lint.BIG
    assert not lint.is_new("mailsync", "0021_pictures_took")
    assert lint.is_new("mailsync", "0022_next") and not lint.is_new("axes", "0099_theirs")
