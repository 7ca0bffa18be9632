from collections.abc import Callable

from django.utils import translation

from syncjobs import lifecycle, texts
from syncjobs.models import SyncJob
from syncjobs.serializers import event_json, job_json, snapshot
from tests.syncjobs.conftest import Ask

KEYS = {
    "task_id",
    "account",
    "email",
    "sync_type",
    "trigger",
    "state",
    "phase",
    "progress_percentage",
    "stats",
    "rate_per_minute",
    "eta_seconds",
    "message",
    "error",
    "created_at",
    "started_at",
    "updated_at",
    "finished_at",
    "revision",
}
STATS = {"total", "done", "added", "updated", "deleted", "failed", "bytes", "units"}


def test_a_job_has_exactly_the_keys_of_the_contract(ask: Ask) -> None:
    data = job_json(ask().job)
    assert set(data) == set(snapshot(ask().job)) == KEYS
    assert set(data["stats"]) == STATS
    assert (data["account"], data["email"], data["error"], data["finished_at"]) == (7, "a@example.com", None, None)
    assert data["created_at"].endswith("Z")


def test_an_error_is_a_code_with_a_sentence(running: Callable[..., SyncJob]) -> None:
    job = running()
    lifecycle.fail(job, "BUG", exception="KeyError")
    data = job_json(SyncJob.objects.get(pk=job.pk))
    assert data["error"]["code"] == "BUG" and "KeyError" in data["error"]["message"]
    assert data["message"] == data["error"]["message"]


def test_an_event_has_the_keys_of_the_contract(ask: Ask) -> None:
    event = ask().job.events.select_related("job").get()
    assert set(event_json(event)) == {"id", "at", "level", "code", "message"}


def test_every_text_of_jobs_exists_in_both_languages(ask: Ask) -> None:
    for code in texts.TEXTS:
        with translation.override("en"):
            english = str(texts.TEXTS[code])
        with translation.override("zh-hans"):
            chinese = str(texts.TEXTS[code])
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), code
        assert english.isascii()


def test_a_text_is_rendered_in_the_readers_language(ask: Ask) -> None:
    job = ask().job
    with translation.override("en"):
        assert job_json(job)["message"] == "Waiting for a worker"
    with translation.override("zh-hans"):
        assert job_json(job)["message"] != "Waiting for a worker"


def test_a_kind_brings_its_own_texts_and_an_unknown_code_is_readable(ask: Ask) -> None:
    assert texts.text("play", "curtain", {"actor": "Anna"}) == "The curtain falls on Anna"
    assert texts.text("play", "curtain", {}) == "The curtain falls on %(actor)s"
    assert texts.text("play", "never_heard_of", {}) == "never heard of"
    assert texts.text("no such kind", "done", {}) == texts.text("play", "done", {})
