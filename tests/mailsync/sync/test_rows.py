"""What of a mail becomes columns."""

from gmail import mime
from mailsync.sync.rows import MOST_LISTED_ADDRESSES, addresses


def test_more_recipients_than_gmail_would_send_to_are_all_listed() -> None:
    people = ", ".join(f"p{number}@example.com" for number in range(700))
    found = addresses(mime.parse(f"To: {people}\r\n\r\n".encode()).to)
    assert [each["email"] for each in found] == people.split(", ")
    assert len(found) < MOST_LISTED_ADDRESSES
