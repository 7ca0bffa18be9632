"""The unmodified mail client lieer with a directory of its own, for those who have it installed."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.gmail.simulator.visitor import Visitor

INSTALLED = all(find_spec(name) for name in ("lieer", "notmuch2", "oauth2client", "socks"))
GMI = "from lieer import Gmailieer; Gmailieer().main()"
TAGS = """
import json, sys, notmuch2
found = notmuch2.Database(sys.argv[1]).messages("*")
print(json.dumps({str(next(iter(message.filenames()))): sorted(message.tags) for message in found}))
"""
CREDENTIALS = """
import sys
from oauth2client.client import OAuth2Credentials
token_uri = "https://oauth2.googleapis.com/token"
print(OAuth2Credentials(None, "simulator", "simulator", sys.argv[1], None, token_uri, "lieer").to_json())
"""


class Lieer:
    """`pull` synchronises; `mail` is what is on the disk then, by message id: bytes and tags."""

    def __init__(self, home: Path, email: str, proxy: int, ca: Path) -> None:
        self._root, self._account = home, home / "account"
        self._account.mkdir()
        config = home / "notmuch-config"
        config.write_text(
            f"[database]\npath={home}\n[user]\nprimary_email={email}\n[new]\ntags=new\nignore=/.*[.]json$/\n"
        )
        address = f"http://127.0.0.1:{proxy}"
        own = {"NOTMUCH_CONFIG": str(config), "HTTPS_PROXY": address, "https_proxy": address}
        self._environment = os.environ | own | {"HTTPLIB2_CA_CERTS": str(ca), "HOME": str(home)}
        self._python("import notmuch2, sys; notmuch2.Database.create(sys.argv[1])", str(home))
        self._python(GMI, "init", "--no-auth", email)
        credentials = self._python(CREDENTIALS, f"sim-refresh-{email}")
        (self._account / ".credentials.gmailieer.json").write_text(credentials)

    def _python(self, code: str, *arguments: str) -> str:
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(
            command, cwd=self._account, env=self._environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        return done.stdout

    def pull(self) -> None:
        self._python(GMI, "pull")

    def mail(self) -> dict[str, tuple[bytes, set[str]]]:
        tags: dict[str, list[str]] = json.loads(self._python(TAGS, str(self._root)))
        return {_id(Path(name)): (Path(name).read_bytes(), set(tags[name])) for name in tags}


def _id(file: Path) -> str:
    return file.name.split(":")[0].removesuffix(".gmail")


WORDS = {"INBOX": "inbox", "UNREAD": "unread", "STARRED": "flagged", "IMPORTANT": "important", "SENT": "sent"}
WORDS |= {"SPAM": "spam", "TRASH": "trash"}


def expected_tags(visitor: Visitor, labels: list[str]) -> set[str]:
    """What lieer calls `labels`; categories it leaves out."""
    names = {label["id"]: label["name"] for label in visitor.truth(hashes=0)["labels"]}
    return {WORDS.get(label, names[label]) for label in labels if not label.startswith("CATEGORY_")}
