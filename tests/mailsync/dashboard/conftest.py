"""Two people with a mailbox each, seen through a browser without script."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from mailsync.models import Account, Checkpoint, Label, Message
from syncjobs.models import SyncJob, new_task_id
from syncjobs.states import State, Trigger


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_user("anna", password="a long phrase")


@pytest.fixture
def browser(anna: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(anna)
    return client


@pytest.fixture
def connected() -> Callable[..., Account]:
    """connected(owner, email, **fields) makes a mailbox."""

    def make(owner: User, email: str, **fields: Any) -> Account:
        account = Account.objects.create(owner=owner, email=email, credentials="{}", **fields)
        Checkpoint.objects.create(account=account)
        return account

    return make


@pytest.fixture
def mailbox(anna: User, connected: Callable[..., Account]) -> Account:
    return connected(anna, "anna@example.com")


@pytest.fixture
def strangers(db: None, connected: Callable[..., Account]) -> Account:
    """A mailbox of somebody else."""
    return connected(User.objects.create_user("bert"), "bert@example.com")


@pytest.fixture
def job() -> Callable[..., SyncJob]:
    """job(account, state, **fields) makes a job of a mailbox."""

    def make(account: Account, state: State = State.SUCCEEDED, **fields: Any) -> SyncJob:
        final = state in (State.SUCCEEDED, State.FAILED, State.CANCELLED)
        values = {
            "percentage": 100.0 if state == State.SUCCEEDED else 41.5,
            "message_code": "done" if final else "queued",
        }
        return SyncJob.objects.create(
            task_id=new_task_id(account.owner_id),
            kind="mailbox",
            owner=account.owner,
            resource=account.resource,
            title=account.email,
            facts={"account": account.pk, "email": account.email},
            trigger=Trigger.BUTTON,
            state=state,
            finished_at=timezone.now() if final else None,
            **{"mode": "full", **values, **fields},
        )

    return make


@pytest.fixture
def mail() -> Callable[..., Message]:
    """mail(account, gmail_id, **fields) makes a message; later ids are newer."""

    def make(account: Account, gmail_id: str, **fields: Any) -> Message:
        minutes = Message.objects.filter(account=account).count()
        values = {
            "thread_id": gmail_id,
            "labels": ["INBOX"],
            "labels_as_of": 1,
            "history_id": 1,
            "size": 100,
            "internal_date": timezone.now() - timedelta(days=1) + timedelta(minutes=minutes),
            "subject": f"Subject {gmail_id}",
            "sender_email": "carl@example.com",
        }
        return Message.objects.create(account=account, gmail_id=gmail_id, **{**values, **fields})

    return make


@pytest.fixture
def label() -> Callable[..., Label]:
    def make(account: Account, label_id: str, name: str) -> Label:
        return Label.objects.create(account=account, label_id=label_id, name=name, type="user")

    return make
