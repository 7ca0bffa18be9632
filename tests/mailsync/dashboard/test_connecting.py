"""Connecting a mailbox by consent, with the simulator's consent page filled in as a browser would."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation

from mailsync.connect import connect
from mailsync.dashboard import connecting, pending
from mailsync.dashboard.connecting import Trouble
from mailsync.models import Account, Message
from syncjobs.models import SyncJob
from syncjobs.states import Trigger
from tests.flows.product import Gmail

ANNA, CARL = "anna@example.com", "Carl@example.com"
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def google() -> Iterator[Gmail]:
    gmail = Gmail("--messages", "3", "--accounts", f"{ANNA},{CARL}", "--client-secret", "a secret")
    yield gmail
    gmail.stop()


@pytest.fixture(autouse=True)
def set_up_with_google(settings: Any, google: Gmail) -> Iterator[None]:
    settings.GOOGLE_BASE_URL = google.address
    settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = "simulator", "a secret"
    settings.PUBLIC_URL = "http://testserver"
    yield
    google.control("faults", rules=[])


class Form(HTMLParser):
    """What a consent form sends when nothing in it is changed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = dict(attributes)
        if tag == "input" and "checked" in given:
            self.fields.append((given["name"], given["value"]))


def asked(browser: Client, path: str = "/connect/") -> str:
    """Where the browser is sent to."""
    answer = browser.get(path)
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def decided(consent: str, decision: str = "allow", email: str = "", without: str = "") -> str:
    """Fill in Google's form; the path on our side that the browser is then sent to."""
    page = requests.get(consent, timeout=10)
    assert page.status_code == 200, page.text
    fields = [(name, value) for name, value in Form(page.text).fields if name != without]
    if email:
        fields = [(name, email if name == "email" else value) for name, value in fields]
    answer = requests.post(consent, data=[*fields, ("decision", decision)], timeout=10, allow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == "http://testserver/connect/callback/"
    return f"{address.path}?{address.query}"


def refused(browser: Client, path: str, status: int, *texts: str) -> str:
    """The page that says why nothing was connected."""
    answer = browser.get(path)
    html = answer.content.decode()
    assert answer.status_code == status
    for text in texts:
        assert text in html
    return html


def test_a_consent_connects_the_mailbox_and_starts_its_first_sync(browser: Client, anna: User) -> None:
    answer = browser.get(decided(asked(browser)), follow=True)

    account = Account.objects.get()
    assert (account.owner, account.email, account.state) == (anna, ANNA, Account.State.OK)
    job = SyncJob.objects.get()
    assert (job.resource, job.mode, job.trigger) == (account.resource, "full", Trigger.BUTTON)
    assert answer.redirect_chain == [(f"/accounts/{account.pk}/", 302)]
    assert "Connected: the mail is being mirrored now." in answer.content.decode()


def test_the_grant_that_is_kept_opens_the_mailbox(browser: Client, google: Gmail) -> None:
    browser.get(decided(asked(browser), email=CARL))
    from_page = SyncJob.objects.get()
    google.control("expire-tokens", email=CARL)

    answer = browser.post(f"/api/sync/batch?batch_size=100&account={Account.objects.get().pk}")

    assert Account.objects.get().email == CARL.lower()
    assert answer.json()["synced_count"] == 3, answer.json()
    assert Message.objects.count() == 3
    assert SyncJob.objects.get(resource=from_page.resource).pk == from_page.pk


def test_what_is_asked_for_is_lasting_read_access_with_pkce(browser: Client) -> None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked(browser)).query).items()}
    assert query["scope"] == "https://www.googleapis.com/auth/gmail.readonly"
    assert (query["access_type"], query["prompt"], query["code_challenge_method"]) == ("offline", "consent", "S256")
    assert query["redirect_uri"] == "http://testserver/connect/callback/"
    kept = browser.session[pending.KEY][query["state"]]
    assert kept["verifier"] not in str(query)


def test_a_denial_stores_nothing_and_offers_another_try(browser: Client) -> None:
    html = refused(browser, decided(asked(browser), "deny"), 400, "You did not allow access")
    assert 'href="/connect/"' in html
    assert not Account.objects.exists()


def test_an_unticked_box_for_the_mail_stores_nothing(browser: Client) -> None:
    refused(browser, decided(asked(browser), without="scope"), 400, "You did not allow access")
    less = asked(browser).replace("gmail.readonly", "gmail.metadata")
    refused(browser, decided(less), 400, "Access to the mail was left out.")
    assert not Account.objects.exists()


def test_an_answer_is_good_once_only(browser: Client) -> None:
    answer = decided(asked(browser))
    assert browser.get(answer).status_code == 302
    refused(browser, answer, 400, "was not asked for here")
    assert SyncJob.objects.count() == 1


@pytest.mark.parametrize(
    "query", ["", "?code=4/abc", "?code=4/abc&state=", "?code=4/abc&state=forged", "?error=access_denied"]
)
def test_an_answer_that_nobody_asked_for_is_refused_without_asking_google(
    browser: Client, google: Gmail, query: str
) -> None:
    asked(browser)
    google.control("reset-stats")
    refused(browser, f"/connect/callback/{query}", 400, "was not asked for here", 'href="/connect/"')
    assert not sum(google.stats()["http"].values())


def test_the_answer_to_somebody_elses_question_is_refused(browser: Client) -> None:
    answer = decided(asked(browser))
    other = Client()
    other.force_login(User.objects.create_user("mallory"))
    refused(other, answer, 400)
    assert not Account.objects.exists()


def test_an_answer_after_ten_minutes_is_refused(browser: Client) -> None:
    answer = decided(asked(browser))
    session = browser.session
    for kept in session[pending.KEY].values():
        kept["at"] -= 601
    session.save()
    refused(browser, answer, 400, "came too late")


def test_the_five_newest_questions_are_remembered(browser: Client) -> None:
    consents = [asked(browser) for _ in range(6)]
    refused(browser, decided(consents[0]), 400, "was not asked for here")
    assert browser.get(decided(consents[1])).status_code == 302
    assert browser.get(decided(consents[5])).status_code == 302


def test_a_code_that_google_does_not_know_any_more_is_refused(browser: Client) -> None:
    state = parse_qs(urlsplit(asked(browser)).query)["state"][0]
    refused(browser, f"/connect/callback/?code=4/old&state={state}", 400, "has expired or was used already")


def test_a_code_is_worthless_without_the_verifier_of_its_question(browser: Client) -> None:
    first, second = asked(browser), asked(browser)
    states = [parse_qs(urlsplit(url).query)["state"][0] for url in (first, second)]
    mixed = decided(first).replace(states[0], states[1])
    refused(browser, mixed, 400, "has expired or was used already")
    assert not Account.objects.exists()


def test_a_reconnected_mailbox_keeps_its_mirror(
    browser: Client, anna: User, mailbox: Account, mail: Callable[..., Message]
) -> None:
    mail(mailbox, "18c0de")
    Account.objects.update(state=Account.State.RECONNECT)
    consent = asked(browser, f"/connect/?account={mailbox.pk}")
    assert parse_qs(urlsplit(consent).query)["login_hint"] == [ANNA]

    browser.get(decided(consent))

    again = Account.objects.get()
    assert (again.pk, again.state) == (mailbox.pk, Account.State.OK)
    assert Message.objects.get().gmail_id == "18c0de"
    assert SyncJob.objects.get().resource == mailbox.resource


def test_another_mailbox_than_the_one_to_reconnect_changes_nothing(browser: Client, mailbox: Account) -> None:
    answer = decided(asked(browser, f"/connect/?account={mailbox.pk}"), email=CARL)
    refused(browser, answer, 400, "That was another mailbox.", CARL, f'href="/connect/?account={mailbox.pk}"')
    assert [account.email for account in Account.objects.all()] == [ANNA]
    assert not SyncJob.objects.exists()


def test_a_paused_mailbox_is_reconnected_but_not_synced(browser: Client, anna: User) -> None:
    account = connect(anna, ANNA, "{}")
    browser.post(f"/accounts/{account.pk}/pause/")
    answer = browser.get(decided(asked(browser)), follow=True)
    assert "This mailbox is paused: resume it to sync." in answer.content.decode()
    assert not SyncJob.objects.exists()


def test_the_mailbox_of_a_stranger_cannot_be_reconnected(browser: Client, strangers: Account) -> None:
    assert browser.get(f"/connect/?account={strangers.pk}").status_code == 404
    assert browser.get("/connect/?account=1e3").status_code == 404


def test_google_out_of_reach_is_said_and_stores_nothing(browser: Client, settings: Any) -> None:
    answer = decided(asked(browser))
    settings.GOOGLE_BASE_URL = "http://127.0.0.1:9"
    refused(browser, answer, 502, "Google does not answer at the moment.", 'href="/connect/"')
    refused(browser, answer, 400, "was not asked for here")
    assert not Account.objects.exists()


def test_gmail_failing_after_the_consent_stores_nothing(browser: Client, google: Gmail) -> None:
    answer = decided(asked(browser))
    google.control("faults", rules=[{"fault": "domain_policy", "match": {"method": "getProfile"}}])
    refused(browser, answer, 502, "Google refuses this installation.", "<code>domainPolicy</code>")
    answer = decided(asked(browser))
    google.control("faults", rules=[{"fault": "503", "match": {"method": "getProfile"}}])
    refused(browser, answer, 502, "Google does not answer at the moment.")
    assert not Account.objects.exists()


def test_a_wrong_secret_is_named_to_whoever_runs_the_server(browser: Client, settings: Any) -> None:
    answer = decided(asked(browser))
    settings.GOOGLE_CLIENT_SECRET = "another"
    refused(browser, answer, 502, "Google refuses this installation.", "<code>invalid_client</code>")


def test_what_google_says_is_shown_as_text(browser: Client) -> None:
    state = parse_qs(urlsplit(asked(browser)).query)["state"][0]
    html = refused(browser, f"/connect/callback/?error=<script>&state={state}", 502)
    assert "&lt;script&gt;" in html


def test_without_a_google_client_the_page_names_the_missing_settings(browser: Client, settings: Any) -> None:
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = ""
    refused(
        browser, "/connect/", 503, "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "http://testserver/connect/callback/"
    )
    settings.GOOGLE_CLIENT_ID = "simulator"
    assert "GOOGLE_CLIENT_ID" not in refused(browser, "/connect/", 503, "GOOGLE_CLIENT_SECRET")


def test_the_pages_may_send_a_form_on_to_google(browser: Client) -> None:
    """Chromium holds form-action against redirects, too: signing in may end on Google's consent page."""
    assert "form-action 'self' http" in browser.get("/")["Content-Security-Policy"]


def test_the_first_page_leads_to_connecting(browser: Client, mailbox: Account) -> None:
    assert 'href="/connect/"' in browser.get("/").content.decode()
    Account.objects.update(state=Account.State.RECONNECT)
    assert f'href="/connect/?account={mailbox.pk}"' in browser.get("/").content.decode()


@pytest.mark.parametrize("path", ["/connect/", "/connect/callback/?code=a&state=b"])
def test_only_who_is_signed_in_connects_mailboxes(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=/connect/")


def test_access_for_an_hour_only_is_no_connection(browser: Client, google: Gmail) -> None:
    google.control("consents", lasting=False)
    try:
        answer = decided(asked(browser))
        refused(browser, answer, 502, "Google gave access for an hour only.", 'href="/connect/"')
    finally:
        google.control("consents", lasting=True)
    assert not Account.objects.exists()


def test_the_end_of_a_grant_is_kept(browser: Client, google: Gmail) -> None:
    google.control("consents", lifetime=604_800)
    try:
        browser.get(decided(asked(browser)))
    finally:
        google.control("consents", lifetime=0)
    ends_at = Account.objects.get().grant_ends_at
    assert ends_at is not None
    assert timedelta(days=6, hours=23) < ends_at - timezone.now() < timedelta(days=7)
    assert browser.get("/api/accounts/").json()["results"][0]["grant_ends_at"].startswith(f"{ends_at:%Y-%m-%dT%H:%M}")


@pytest.mark.parametrize("trouble", [value for value in vars(connecting).values() if isinstance(value, Trouble)])
def test_every_explanation_is_translated(trouble: Trouble) -> None:
    for text in (trouble.title, trouble.advice):
        with translation.override("zh-hans"):
            chinese = str(text)
        with translation.override("en"):
            assert chinese != str(text)
