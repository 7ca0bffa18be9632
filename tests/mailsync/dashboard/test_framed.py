"""What of a mail's HTML reaches the frame."""

import pytest

from mailsync.dashboard.framed import framed, has_remote, inline_ids


@pytest.mark.parametrize(
    "evil",
    [
        "<script>x()</script>",
        "<img src=x onerror=x()>",
        '<a href="javascript:x()">a</a>',
        '<a href="data:text/html,<script>x()</script>">a</a>',
        "<iframe src=https://spy.example></iframe>",
        "<form action=https://spy.example><input></form>",
        "<style>@import 'https://spy.example'</style>",
        '<p style="background-image:url(https://spy.example)">p</p>',
        '<img src="https://spy.example/p.gif">',
        '<meta http-equiv="refresh" content="0;url=https://spy.example">',
        '<link rel="stylesheet" href="https://spy.example">',
        '<base href="https://spy.example">',
        "<svg onload=x()></svg>",
    ],
)
def test_nothing_that_runs_or_reaches_out_is_left(evil: str) -> None:
    kept = framed(evil)
    for trace in ("x()", "spy.example", "javascript:", "data:text"):
        assert trace not in kept


def test_layout_and_inline_pictures_are_kept() -> None:
    html = '<td style="color:red" bgcolor="#fff">x</td>'
    assert "color:red" in framed(f"<table><tr>{html}</tr></table>")
    assert 'src="data:image/png;base64,AAAA"' in framed('<img src="data:image/png;base64,AAAA">')


def test_links_open_elsewhere_without_telling_where_from() -> None:
    kept = framed('<a href="https://example.org/" target="_top">x</a>')
    assert 'target="_blank"' in kept
    assert "_top" not in kept
    assert 'rel="noopener noreferrer"' in kept


@pytest.mark.parametrize(
    "evil", ["<img " * 400_000, "<img src=" + " " * 1_900_000, "<img src='cid:" * 100_000, "src=" * 400_000]
)
def test_a_mail_made_to_keep_us_busy_is_looked_through_all_the_same(evil: str) -> None:
    assert has_remote(evil + "x") is False
    assert inline_ids(evil) <= {"<img"}


def test_what_is_to_be_shown_is_known_before_it_is_asked_for() -> None:
    html = '<IMG alt="a > b" SRC = " HTTPS://spy.example/p"><img src=cid:a%40b&amp;c><img src="cid:d">'
    assert has_remote(html)
    assert inline_ids(html) == {"a@b&c", "d"}
    assert not has_remote('<a href="https://example.org/">src</a><img src="data:image/png,x">')
