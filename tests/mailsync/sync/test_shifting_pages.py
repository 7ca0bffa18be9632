"""Page tokens that are positions: whatever is taken out of a list under way moves the rest of it past the reader."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.mailsync import simulated
from tests.mailsync.simulated import Simulator
from tests.mailsync.sync.weather import MESSAGES, SUPERFLUOUS, Weather, impatience

LISTINGS = 14  # calls of messages.list in a pass, or a few more
TELLING = {"a first sync": (3, 4), "a comparison": (3, 6, 8), "labels": (8, 10)}  # where more than one page is lost


def numbers(what: str) -> list[Any]:
    """All places in a pass; the default suite takes those that proved to matter."""
    return [
        pytest.param(number, marks=() if number in TELLING[what] else pytest.mark.long) for number in range(2, LISTINGS)
    ]


@pytest.fixture(scope="module")
def positions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulated.serving(tmp_path_factory.mktemp("gmail"), "shift", MESSAGES, "--page-tokens", "position") as running:
        yield running


@pytest.fixture
def weather(positions: Simulator, anna: User, request: pytest.FixtureRequest, settings: Any) -> Iterator[Weather]:
    settings.GOOGLE_BASE_URL = positions.url
    settings.GMAIL_USER_UNITS_PER_MINUTE = settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 0
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = "simulator"
    gmail = positions.mailbox(request.node.nodeid)
    for label in SUPERFLUOUS:
        gmail.control("delete-label", email=gmail.email, id=label, silent=True)
    with impatience():
        yield Weather(anna, gmail)
    gmail.control("script", cues=[])


@pytest.mark.parametrize("number", numbers("a first sync"))
def test_mail_deleted_under_a_first_listing_hides_no_other(weather: Weather, number: int) -> None:
    ids = weather.gmail.ids()
    weather.endure([], [weather.cue("delete", number, "messages.list", ids=ids[:2])])
    weather.settle()


@pytest.mark.parametrize("number", numbers("a comparison"))
def test_mail_deleted_while_all_is_compared_takes_no_other_with_it(weather: Weather, number: int) -> None:
    weather.settle()
    ids = weather.gmail.ids()
    weather.endure([], [weather.cue("delete", number, "messages.list", ids=ids[:2])], full=True)
    weather.settle()


@pytest.mark.parametrize("number", numbers("labels"))
def test_mail_that_loses_a_label_under_its_listing_takes_it_off_no_other(weather: Weather, number: int) -> None:
    ids = weather.gmail.ids()
    weather.gmail.label(ids, add=("STARRED", "Label_1"))
    weather.settle()
    cue = weather.cue("labels", number, "messages.list", ids=ids[:2], remove=["STARRED", "Label_1", "INBOX"])
    weather.endure([], [cue], full=True)
    weather.settle()
