import pytest

from gmail.mime.plain import from_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("<head><title>no</title><style>p{}</style></head><body>yes</body>", "yes"),
        ("a<script>alert('<p>')</script >b", "a b"),
        ("a<!-- <p>hidden</p> -->b", "a b"),
        ("Tom &amp; Jerry &#39;n&#x27; &unknown;", "Tom & Jerry 'n' &unknown;"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("so\n  many\t blanks\u00a0here\u200b\u200b", "so many blanks here"),
        ("<p>a</p>\n\n<p></p><p></p><p>b</p>", "a\n\nb"),
        ("b<b>ol</b>d", "bold"),
        ("<table><tr><td>x</td></tr><tr><td>y</td></tr></table>", "x\n\ny"),
        ("never closed <a href=", "never closed"),
        ("<script>never closed", ""),
        ("&#0;&#xD800;", "\ufffd\ufffd"),
    ],
)
def test_html_is_read_as_a_person_sees_it(html: str, text: str) -> None:
    assert from_html(html) == text
