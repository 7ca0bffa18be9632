"""Walk through a list of mail of any length, newest first, a page at a time."""

from collections.abc import Iterator

from mailsync.models import Message
from mailsync.search import MailList
from mailsync.search.newest import NewestFirst
from syncjobs.pagination import Place

PAGE = 500
EVERYTHING = "in:anywhere"  # the search that finds all that Gmail has, spam and trash as well
UNUSED = ("snippet", "sender_name", "to", "cc", "attachments", "message_id")


def walk(mail: MailList) -> Iterator[list[Message]]:
    """Pages of rows. Each is a query of its own: no cursor or transaction lives as long as the walk, which may take hours.

    What arrives meanwhile is newer than where the walk stands, so it is not met.
    """
    finder, rows = NewestFirst(mail), mail.rows.defer(*UNUSED)
    page = finder.fetch(rows, Place(finder.fields), PAGE)
    while page or finder.reached:
        if page:
            yield page
        position = finder.reached or [getattr(page[-1], name) for name in finder.fields]
        page = finder.fetch(rows, Place(finder.fields, position=position), PAGE)
