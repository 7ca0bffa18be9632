"""No mail chooses where its file lands."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync.export.names import eml_name, maildir_name, plain, slug
from tests.mailsync.export.mail import message


@given(st.text(), st.text(max_size=40), st.emails())
def test_every_name_stays_in_its_folder_and_short(subject: str, gmail_id: str, address: str) -> None:
    name = eml_name(message(gmail_id, subject=subject))
    path = PurePosixPath(name)
    assert path.parts[:2] == ("2026", "03") and len(path.parts) == 3 and ".." not in path.parts
    assert len(path.name.encode()) <= 255 and path.name.startswith("2026-03-07_040506_")
    assert name.isprintable() and "\\" not in name and ":" not in name
    assert "/" not in maildir_name(message(gmail_id)) and ":" not in maildir_name(message(gmail_id))
    assert plain(address) not in {"", ".", ".."} and "/" not in plain(address)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("Re: [List] Hello,  world!\r\nBcc: x", "Re-List-Hello-world-Bcc-x"),
        ("会议纪要：第二季度", "会议纪要-第二季度"),
        ("e\u0301te\u0301", "été"),
        ("\u202eexe.txt", "exe-txt"),
        ("नमस्ते", "नमस्ते"),
        ("...", ""),
        ("x" * 500, "x" * 80),
        ("会" * 100, "会" * 26),
    ],
)
def test_a_subject_gives_its_letters_alone(subject: str, expected: str) -> None:
    assert slug(subject) == expected


def test_two_mails_of_one_second_and_subject_have_two_names() -> None:
    assert eml_name(message("1")) != eml_name(message("2"))
