"""Labels compared by listing: page by page, whatever happens meanwhile."""

import pytest

from gmail.client import GmailClient
from mailsync.models import Account, Certificate, Checkpoint, Message
from mailsync.schedule import request_sync
from mailsync.sync import labelling, listing
from mailsync.sync.checkpoint import Findings, Position, Stage
from syncjobs.errors import Interrupted, JobFailed
from syncjobs.states import Phase, State, Trigger
from tests.mailsync.mirror import assert_exact, sync
from tests.mailsync.simulated import Gmail
from tests.mailsync.sync.watched import position, watch

IDS = 7  # on a page of a listing


@pytest.fixture
def short_listings(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = GmailClient.list_messages.__kwdefaults__
    assert "max_results" in defaults
    monkeypatch.setitem(defaults, "max_results", IDS)


@pytest.fixture
def synced(account: Account) -> Account:
    assert sync(account).state == State.SUCCEEDED
    return account


def in_the_middle(account: Account, label: str) -> bool:
    """Whether some pages of this label's listing are read, and some are not."""
    here = position(account)
    return here.get("stage") == Stage.LABELS and here["labels"][:1] == [label] and bool(here["page_token"])


def proof(account: Account) -> Certificate:
    found = Certificate.objects.filter(account=account).order_by("-id").first()
    assert found is not None
    return found


def test_each_page_of_a_label_is_a_page_of_the_pass(synced: Account, gmail: Gmail, short_listings: None) -> None:
    everywhere = gmail.ids()
    gmail.label(everywhere, add=("Label_1",))
    pages = set()

    def after(page: int) -> None:
        if in_the_middle(synced, "Label_1"):
            pages.add(position(synced)["page_token"])

    done = watch(synced, after)
    assert done.state == State.SUCCEEDED and len(pages) == len(everywhere) // IDS
    assert_exact(synced, gmail)


def test_slices_of_one_page_of_labels_each_compare_them_to_the_end(
    synced: Account, gmail: Gmail, short_listings: None
) -> None:
    gmail.label(gmail.ids(), add=("Label_1",))
    Message.objects.filter(account=synced).update(labels=["Label_9"])
    seen: list[dict] = []

    def after(page: int) -> None:
        here = position(synced)
        if here.get("stage") == Stage.LABELS and here["labels"][:1] in (["Label_1"], ["Label_9"]) and here not in seen:
            seen.append(here)
            raise Interrupted(phase=Phase.NEXT_SLICE, code="next_slice")

    while (job := watch(synced, after)).is_active:
        assert job.slices < 200
    assert job.state == State.SUCCEEDED and job.slices == len(seen) + 1 > 5
    assert_exact(synced, gmail)


def test_labels_changed_behind_the_mirrors_back_are_corrected_and_counted(
    synced: Account, gmail: Gmail, short_listings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "MOST_TAKEN_OFF", 3)
    truth = {row.gmail_id: set(row.labels) for row in Message.objects.filter(account=synced)}
    Message.objects.filter(account=synced).update(labels=["Label_9"])
    assert sync(synced, full=True).state == State.SUCCEEDED
    assert_exact(synced, gmail)
    wrong = sum(len(labels ^ {"Label_9"}) for labels in truth.values())
    assert proof(synced).labels_corrected == wrong > 40


@pytest.mark.parametrize(
    "replayed", [False, True], ids=["history comes later", "history is replayed between two pages"]
)
def test_what_is_relabelled_between_two_pages_of_a_label_ends_as_it_is(
    synced: Account, gmail: Gmail, short_listings: None, replayed: bool
) -> None:
    ids = gmail.ids()
    gmail.label(ids[::2], add=("Label_1",))
    gmail.label(ids[1::2], remove=("Label_1",))
    with_it = [id_ for id_ in ids if id_ in set(ids[::2])]
    happened: list[str] = []

    def after(page: int) -> None:
        if in_the_middle(synced, "Label_1") and not happened:
            happened.extend(ids)
            gmail.label([with_it[0], with_it[-1]], remove=("Label_1",))  # on a page that was read, on one that was not
            gmail.label([ids[1], ids[-1], ids[-3]], add=("Label_1",))
            gmail.deliver(2, messages=[{"subject": "new", "labelIds": ["INBOX", "Label_1"]}] * 2)
            gmail.delete([with_it[1], with_it[-2]])
            if replayed:
                request_sync(synced, trigger=Trigger.BUTTON)

    watch(synced, after)
    assert happened
    assert_exact(synced, gmail)


def test_a_forgotten_page_token_begins_the_label_anew(synced: Account, gmail: Gmail, short_listings: None) -> None:
    gmail.label(gmail.ids(), add=("Label_1",))
    struck: list[str] = []

    def after(page: int) -> None:
        if in_the_middle(synced, "Label_1") and not struck:
            struck.append(position(synced)["page_token"])
            gmail.faults({"fault": "expired_page_token", "match": {"method": "messages.list"}, "times": 1})

    assert watch(synced, after).state == State.SUCCEEDED
    assert struck and gmail.ask("stats")["faults"][0]["struck"] == 1
    assert_exact(synced, gmail)


def test_a_gmail_that_refuses_all_page_tokens_of_a_label_is_not_asked_for_ever(
    synced: Account, gmail: Gmail, short_listings: None
) -> None:
    gmail.label(gmail.ids(), add=("Label_1",))

    met: list[int] = []

    def after(page: int) -> None:
        if in_the_middle(synced, "Label_1") and not met:
            met.append(page)
            gmail.faults({"fault": "expired_page_token", "match": {"method": "messages.list"}})

    with pytest.raises(JobFailed) as failed:
        watch(synced, after)
    assert failed.value.code == "gmail_refused"
    assert (position(synced)["stage"], position(synced)["refusals"]) == (Stage.LARGE, 0), "the next pass begins anew"
    assert gmail.ask("stats")["faults"][0]["struck"] == listing.MOST_REFUSALS + 1


def test_a_label_deleted_between_two_pages_of_its_listing_is_taken_off(
    synced: Account, gmail: Gmail, short_listings: None
) -> None:
    Message.objects.filter(account=synced).update(labels=["Label_gone"])
    row = Checkpoint.objects.get(account=synced)
    begun: list[str] = []

    def after(page: int) -> None:
        here = position(synced)
        if here.get("stage") == Stage.LABELS and not begun:
            begun.append("Label_gone")
            row.refresh_from_db()
            row.position = here | {"labels": ["Label_gone"], "page_token": "MTIzLjQ1Ng", "as_of": row.history_id}
            row.save()

    watch(synced, after)
    sync(synced, full=True)
    assert_exact(synced, gmail)


def test_the_bar_moves_with_each_label() -> None:
    percents = [
        labelling.percent(Position(Stage.LABELS, labels=tuple("abcd"[:left]), findings=Findings(labels_checked=4)))
        for left in (4, 3, 2, 1)
    ]
    assert percents == [90, 92, 94, 96]
