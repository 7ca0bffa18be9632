"""Make a mail's HTML harmless."""

import nh3

from mailsync.nesting import bounded

MOST_HTML = 2_000_000
TAGS = nh3.ALLOWED_TAGS | {"font", "center", "u", "section", "header", "footer", "article"}
ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"align", "bgcolor", "color", "dir", "height", "lang", "title", "valign", "width"},
}
LINKS = {"http", "https", "mailto"}


def html(text: str) -> str:
    """Without scripts, styles, forms, frames, events; pictures from elsewhere are left out, since they tell who reads."""
    return nh3.clean(
        bounded(text[:MOST_HTML]),
        tags=TAGS - {"img"},
        attributes=ATTRIBUTES,
        url_schemes=LINKS,
        url_relative="deny",  # it would lead to whoever shows it
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
