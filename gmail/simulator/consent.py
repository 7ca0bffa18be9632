"""The page on which a person allows or denies access."""

from collections.abc import Mapping
from html import escape

from gmail.simulator.tokens import FULL, METADATA, MODIFY, READONLY, OAuthError

MEANINGS = {
    READONLY: "View your email messages and settings",
    METADATA: "View your email metadata such as labels and headers, but not the body",
    MODIFY: "Read, compose and send emails from your Gmail account",
    FULL: "Read, compose, send and permanently delete all your email from Gmail",
}
STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;display:grid;place-items:center;min-height:100vh}
body{background:#f0f4f9;color:#1f1f1f}
main{background:#fff;border-radius:24px;padding:36px;width:min(440px,calc(100vw - 32px));box-sizing:border-box}
h1{font-size:24px;font-weight:500;margin:0 0 8px}
p{margin:8px 0 20px;color:#444746}
fieldset{border:0;padding:0;margin:0 0 20px}
legend{font-weight:600;padding:0 0 6px}
label{display:flex;gap:12px;align-items:center;padding:10px 0;border-bottom:1px solid #e3e3e3;overflow-wrap:anywhere}
.actions{display:flex;justify-content:flex-end;gap:12px}
button{font:inherit;font-weight:500;border-radius:20px;padding:9px 22px;border:1px solid #0b57d0;cursor:pointer}
button[value=allow]{background:#0b57d0;color:#fff}
button[value=deny]{background:transparent;color:#0b57d0}
small{color:#5f6368}
@media(prefers-color-scheme:dark){body{background:#131314;color:#e3e3e3}main{background:#1e1f20}p,small{color:#c4c7c5}
label{border-color:#444746}button[value=deny]{color:#a8c7fa;border-color:#a8c7fa}}
"""
FRAME = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
)


def page(query: Mapping[str, str], accounts: tuple[str, ...]) -> str:
    """Which account, which scopes; the form goes back to the same address."""
    client = escape(query["client_id"])
    chosen = query.get("login_hint") if query.get("login_hint") in accounts else accounts[0]
    people = "\n".join(_choice("radio", "email", email, email, email == chosen) for email in accounts)
    scopes = "\n".join(
        _choice("checkbox", "scope", scope, MEANINGS.get(scope, scope), True)
        for scope in dict.fromkeys(query["scope"].split())
    )
    body = (
        f"<h1>{client} wants to access a simulated mailbox</h1>\n"
        "<p>This is the Gmail simulator. No real account is involved.</p>\n"
        f'<form method="post">\n<fieldset><legend>Account</legend>\n{people}\n</fieldset>\n'
        f"<fieldset><legend>{client} will be able to</legend>\n{scopes}\n</fieldset>\n"
        '<div class="actions"><button name="decision" value="deny">Deny</button>'
        '<button name="decision" value="allow">Allow</button></div>\n</form>'
    )
    return FRAME.format(title="Allow access", style=STYLE, body=body)


def refusal(error: OAuthError) -> str:
    """The page for a request that can't be granted."""
    body = (
        f"<h1>Access blocked</h1>\n<p>{escape(error.description)}</p>\n<small>Error 400: {escape(error.code)}</small>"
    )
    return FRAME.format(title="Access blocked", style=STYLE, body=body)


def _choice(kind: str, name: str, value: str, text: str, checked: bool) -> str:
    mark = " checked" if checked else ""
    return f'<label><input type="{kind}" name="{name}" value="{escape(value)}"{mark}> {escape(text)}</label>'
