"""Names of jobs, phases, labels."""

from typing import Any

from django.utils import translation

from mailsync.dashboard.words import label_name, mode, phase, saying, script_texts
from mailsync.sync.scopes import RANK


def job(**changes: Any) -> dict[str, Any]:
    return {"state": "RUNNING", "phase": "fetching", "message": "Fetching mail, newest first", **changes}


def test_every_mode_has_a_name() -> None:
    for name in RANK:
        assert mode(name) != name


def test_a_running_job_is_called_by_its_phase_a_finished_one_by_its_end() -> None:
    assert phase(job()) == "fetching"
    assert phase(job(phase="waiting_for_quota")) == "waiting for quota"
    assert phase(job(state="CANCELLED", phase="done")) == "Cancelled"


def test_a_message_that_only_repeats_the_phase_is_left_out() -> None:
    assert saying(job()) == "Fetching mail, newest first"
    assert saying(job(message="Fetching")) == ""
    assert saying(job(state="SUCCEEDED")) == ""


def test_a_label_is_called_as_gmail_calls_it() -> None:
    assert label_name("INBOX") == "Inbox"
    assert label_name("Label_7", "Receipts") == "Receipts"
    assert label_name("Label_8") == "Label_8"


def test_the_script_speaks_the_language_of_the_page() -> None:
    with translation.override("zh-hans"):
        assert script_texts()["phases"]["fetching"] == "正在获取"
        assert script_texts()["states"]["SUCCEEDED"] == "成功"
