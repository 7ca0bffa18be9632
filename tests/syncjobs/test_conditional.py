"""A job that its reader knows already is not sent again."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from syncjobs import lifecycle
from syncjobs.models import SyncJob
from tests.syncjobs.conftest import Ask


@pytest.fixture
def browser(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def job(ask: Ask) -> SyncJob:
    return ask().job


def get(client: Client, job: SyncJob, **headers: str) -> Any:
    return client.get(f"/api/jobs/{job.task_id}/", headers={name.replace("_", "-"): headers[name] for name in headers})


def test_what_is_known_is_a_304_without_a_body(browser: Client, job: SyncJob) -> None:
    first = get(browser, job)
    tag = first["ETag"]
    assert (first.status_code, tag[:3]) == (200, 'W/"')
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = get(browser, job, if_none_match=known)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    for unknown in ('"other"', 'W/"other"', "nonsense"):
        assert get(browser, job, if_none_match=unknown).json() == first.json()


def test_caches_keep_it_for_one_reader_and_ask_each_time(browser: Client, job: SyncJob) -> None:
    for answer in (get(browser, job), get(browser, job, if_none_match="*")):
        assert answer["Cache-Control"] == "private, no-cache"
        varies = {each.strip() for each in answer["Vary"].split(",")}
        assert {"Accept-Language", "Authorization", "Cookie"} <= varies


def test_head_knows_as_much_as_get(browser: Client, job: SyncJob) -> None:
    path = f"/api/jobs/{job.task_id}/"
    tag = get(browser, job)["ETag"]
    head = browser.head(path)
    assert (head.status_code, head["ETag"], head.content) == (200, tag, b"")
    assert browser.head(path, headers={"if-none-match": tag}).status_code == 304


def test_every_change_of_a_job_is_another_tag(browser: Client, job: SyncJob) -> None:
    tags = [get(browser, job)["ETag"]]
    held = lifecycle.claim(job.pk, "worker")
    tags.append(get(browser, job)["ETag"])
    assert held is not None
    lifecycle.succeed(held)
    tags.append(get(browser, job)["ETag"])
    assert get(browser, job)["ETag"] == tags[-1]
    assert len(set(tags)) == 3
    assert get(browser, job, if_none_match=tags[0]).json()["state"] == "SUCCEEDED"


def test_another_language_is_another_tag(browser: Client, job: SyncJob) -> None:
    english, chinese = (get(browser, job, accept_language=language) for language in ("en", "zh-hans"))
    assert english.json()["message"] != chinese.json()["message"]
    assert english["ETag"] != chinese["ETag"]
    assert get(browser, job, accept_language="zh-hans", if_none_match=english["ETag"]).status_code == 200


def test_another_job_or_a_strangers_is_not_taken_for_known(browser: Client, job: SyncJob, ask: Ask) -> None:
    tag = get(browser, job)["ETag"]
    assert get(browser, ask(resource="thing:2").job, if_none_match=tag).status_code == 200
    stranger = Client()
    stranger.force_login(User.objects.create_user("bob"))
    assert get(stranger, job, if_none_match="*").status_code == 404
