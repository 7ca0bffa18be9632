"""An unmodified third-party client syncs from the simulator exactly: lieer (PyPI, Debian), where it is installed.

To run it: install lieer, notmuch2, oauth2client and PySocks beside pytest, for instance `apt-get install lieer` with a
virtual environment that sees the system's packages. Without them there is nothing to test here.
"""

from base64 import urlsafe_b64decode
from pathlib import Path

from tests.gmail.simulator.conftest import Start
from tests.gmail.simulator.lieer_client import INSTALLED, Lieer, expected_tags
from tests.gmail.simulator.visitor import Visitor, free_port

# notmuch adds these from what it finds in a mail, not from Gmail's labels.
OWN_TAGS = {"new", "attachment", "signed", "encrypted", "replied"}
CATEGORIES = {"personal", "updates", "promotions", "forums", "social"}


def assert_same(lieer: Lieer, visitor: Visitor) -> None:
    """Every message, every byte (lieer turns CRLF into LF), every label."""
    mail = lieer.mail()
    truth = visitor.truth(hashes=0)["messages"]
    assert mail.keys() == {message["id"] for message in truth}
    for message in truth:
        content, tags = mail[message["id"]]
        raw = urlsafe_b64decode(visitor.get(f"messages/{message['id']}?format=raw").json()["raw"])
        assert content == raw.replace(b"\r\n", b"\n")
        assert tags - OWN_TAGS - CATEGORIES == expected_tags(visitor, message["labelIds"])


if INSTALLED:

    def test_lieer_pulls_everything_and_then_what_has_changed(start: Start, tmp_path: Path) -> None:
        port, ca = free_port(), tmp_path / "ca.pem"
        visitor = start("--messages", "150", "--proxy", str(port), "--proxy-ca", str(ca), "--accounts", "a@example.com")
        lieer = Lieer(tmp_path, "a@example.com", port, ca)

        lieer.pull()
        assert_same(lieer, visitor)

        ids = visitor.ids()
        visitor.control("deliver", email="a@example.com", count=20)
        visitor.control("labels", email="a@example.com", ids=ids[:20], add=["STARRED", "Label_5"], remove=["INBOX"])
        visitor.control("delete", email="a@example.com", ids=ids[20:30])
        visitor.control("trash", email="a@example.com", ids=ids[30:35])
        lieer.pull()
        assert_same(lieer, visitor)
