"""HTML that would keep a process busy for minutes is flattened."""

from collections.abc import Callable

import pytest

from mailsync import sanitise
from mailsync.dashboard.framed import framed
from mailsync.nesting import DEEPEST, bounded, is_too_deep


@pytest.mark.parametrize("one", ["<div>", "<ul><li>", "<DIV><div></p>", "<table><tr><td>"])
def test_endless_nesting_is_too_deep(one: str) -> None:
    assert is_too_deep(one * (DEEPEST + 1))


@pytest.mark.parametrize("one", ["<div><b>a</b></div>", "<p>a", "<li>a", "a<br>", "</div>a", "<tr><td>a"])
def test_long_mail_is_not_too_deep(one: str) -> None:
    html = one * (DEEPEST * 3)
    assert not is_too_deep(html) and bounded(html) is html


def test_of_what_is_too_deep_the_words_remain() -> None:
    html = "<div>" * 300_000 + "fish &amp; chips &lt;script&gt;<b>today</b>"
    assert bounded(html) == "fish &amp; chips &lt;script&gt; today"


@pytest.mark.parametrize("clean", [sanitise.html, framed])
def test_deep_mail_is_cleaned_without_its_elements(clean: Callable[[str], str]) -> None:
    assert clean("the beginning" + "<ul><li>" * 200_000) == "the beginning"
