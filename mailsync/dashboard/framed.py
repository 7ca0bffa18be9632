"""Prepare the HTML of a mail for its sandboxed frame."""

import nh3

from mailsync.nesting import bounded

MOST_HTML = 2_000_000
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


def _kept(tag: str, name: str, value: str) -> str | None:
    if name in {"src", "href"} and value.strip().lower().startswith("data:"):
        return value if tag == "img" and value.strip().lower().startswith("data:image/") else None
    return None if tag == "img" and name == "src" else value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    filter_style_properties=_BOXES | _BORDERS | _FONTS | _TEXTS | _SIZES | _PLAIN | _FLOW,
    url_schemes={"http", "https", "mailto", "tel", "data"},
    url_relative="deny",
    attribute_filter=_kept,
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def framed(html: str) -> str:
    """The HTML without scripts, forms, frames, remote images; its own styles stay: nothing outside feels them."""
    return _CLEANER.clean(bounded(html[:MOST_HTML]))
