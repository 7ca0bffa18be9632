"""Prepare the HTML of a mail for its sandboxed frame."""

import html as entities
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

import nh3

from mailsync.nesting import bounded

MOST_HTML = 2_000_000
MOST_INLINE = 200  # pictures that a mail brings along
# Beyond nh3's defaults, what mail is laid out with.
_TAGS = nh3.ALLOWED_TAGS | {"font", "u", "big", "section", "figure", "figcaption"} - {"base"}
_SHARED = {"style", "align", "valign", "width", "height", "bgcolor", "dir", "lang", "title"}
_ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": _SHARED,
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
}
_BOXES = {f"{box}-{side}" for box in ("border", "margin", "padding") for side in ("top", "right", "bottom", "left")}
_BORDERS = {f"border-{what}" for what in ("collapse", "color", "radius", "spacing", "style", "width")}
_FONTS = {f"font-{what}" for what in ("family", "size", "style", "weight")}
_TEXTS = {f"text-{what}" for what in ("align", "decoration", "indent", "transform")}
_SIZES = {"width", "height", "max-width", "min-width", "line-height", "letter-spacing"}
_PLAIN = {"background-color", "border", "color", "display", "font", "list-style-type", "margin", "padding"}
_FLOW = {"vertical-align", "white-space", "word-break"}
# Bounded: a mail can be made to keep a search busy for hours.
_SOURCE = r"""\bsrc\s{0,9}=\s{0,9}["']?\s{0,9}"""
_INLINE = re.compile(_SOURCE + r"""cid:([^"'\s>]{1,500})""", re.IGNORECASE)
_REMOTE = re.compile(_SOURCE + r"https?:", re.IGNORECASE)
_WEB = re.compile(r"https?://(.+)", re.IGNORECASE | re.DOTALL)


def framed(html: str, inline: Mapping[str, str] | None = None, *, remote: bool = False) -> str:
    """The HTML without scripts, forms, frames; its own styles stay: nothing outside feels them.

    `inline` are data: URLs of the pictures that the mail brings along, by content id. Pictures from elsewhere are left
    out unless `remote` is asked for, and then come by https alone.
    """
    cleaner = nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        filter_style_properties=_BOXES | _BORDERS | _FONTS | _TEXTS | _SIZES | _PLAIN | _FLOW,
        url_schemes={"http", "https", "mailto", "tel", "data", "cid"},
        url_relative="deny",
        attribute_filter=_filter(inline or {}, remote),
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return cleaner.clean(bounded(html[:MOST_HTML]))


def inline_ids(html: str) -> set[str]:
    """The content ids of the pictures that the HTML shows of what the mail brings along."""
    found = {unquote(entities.unescape(name)) for name in _INLINE.findall(html[:MOST_HTML])}
    return set(sorted(found)[:MOST_INLINE])


def has_remote(html: str) -> bool:
    """Whether the HTML shows pictures from elsewhere."""
    return "<img" in html[:MOST_HTML].lower() and _REMOTE.search(html, 0, MOST_HTML) is not None


def _filter(inline: Mapping[str, str], remote: bool) -> Callable[[str, str, str], str | None]:
    def kept(tag: str, name: str, value: str) -> str | None:
        if name not in {"src", "href", "cite"}:
            return value
        url = value.strip()
        scheme = url.partition(":")[0].lower()
        if tag == "img":
            return _picture(url, scheme, inline, remote)
        return None if scheme in {"data", "cid"} else value

    return kept


def _picture(url: str, scheme: str, inline: Mapping[str, str], remote: bool) -> str | None:
    if scheme == "cid":
        return inline.get(unquote(url[4:]))
    if scheme == "data":
        return url if url[5:11].lower() == "image/" else None
    web = _WEB.fullmatch(url)
    return f"https://{web[1]}" if remote and web else None
