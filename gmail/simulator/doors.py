"""The addresses of Google's identity service: consent, token, revocation, certificates."""

from urllib.parse import urlencode

import orjson
from aiohttp import web

from gmail.simulator import breakage, consent, oauth
from gmail.simulator.service import Service
from gmail.simulator.signing import Signer
from gmail.simulator.tokens import OAuthError


def add_routes(app: web.Application, service: Service, signer: Signer) -> None:
    """Open the doors."""
    doors = Doors(service, signer)
    for path in ("/o/oauth2/v2/auth", "/o/oauth2/auth"):
        app.router.add_get(path, doors.ask)
        app.router.add_post(path, doors.decide)
    for path in ("/token", "/oauth2/v4/token", "/o/oauth2/token"):
        app.router.add_post(path, doors.token)
    for path in ("/revoke", "/o/oauth2/revoke"):
        app.router.add_post(path, doors.revoke)
    app.router.add_get("/oauth2/v1/certs", doors.certificates)
    app.router.add_get("/control/service-account", doors.service_account)


class Doors:
    """Handlers."""

    def __init__(self, service: Service, signer: Signer) -> None:
        self._service, self._signer = service, signer

    async def token(self, request: web.Request) -> web.StreamResponse:
        """POST /token."""
        self._service.stats.http["token"] += 1
        fault = self._service.faults.strike("token")
        if fault is not None and (refusal := fault.refusal(self._service.clock())) is not None:
            return _json({"error": "server_error" if refusal.status >= 500 else "invalid_request"}, refusal.status)
        reply = await self._token(request)
        if fault is not None and isinstance(reply.body, bytes):
            return await breakage.answer(request, web.Response(status=reply.status), reply.body, fault)
        return reply

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        authorization = request.headers.get("Authorization", "")
        try:
            return _json(oauth.token(form, authorization, self._service.world, self._signer, self._service.clock()))
        except OAuthError as error:
            return _oauth_error(error)

    async def revoke(self, request: web.Request) -> web.Response:
        """POST /revoke, the token in the query or in the body."""
        text = request.query.get("token") or str((await request.post()).get("token", ""))
        try:
            oauth.revoke(text, self._service.world, self._service.clock())
        except OAuthError as error:
            return _oauth_error(error)
        return _json({})

    async def certificates(self, request: web.Request) -> web.Response:
        """GET /oauth2/v1/certs."""
        answer = _json(self._signer.certificates)
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer

    async def service_account(self, request: web.Request) -> web.Response:
        """GET /control/service-account."""
        return _json(self._signer.service_account(f"{request.scheme}://{request.host}/token"))

    async def ask(self, request: web.Request) -> web.Response:
        """The consent page."""
        try:
            oauth.check_request(request.query, self._service.world)
        except OAuthError as error:
            return web.Response(status=400, text=consent.refusal(error), content_type="text/html")
        page = consent.page(request.query, self._service.settings.accounts)
        return web.Response(text=page, content_type="text/html")

    async def decide(self, request: web.Request) -> web.Response:
        """The answer of the person in front of the consent page, sent on to the client's redirect address."""
        form, query, world = await request.post(), request.query, self._service.world
        try:
            oauth.check_request(query, world)
            answer = {"state": query["state"]} if "state" in query else {}
            scopes = frozenset(str(scope) for scope in form.getall("scope", [])) & frozenset(query["scope"].split())
            if form.get("decision") != "allow" or not scopes:
                answer["error"] = "access_denied"
            else:
                code = oauth.consent(query, str(form.get("email", "")), scopes, world, self._service.clock())
                answer |= {"code": code, "scope": " ".join(sorted(scopes))}
        except OAuthError as error:
            return web.Response(status=400, text=consent.refusal(error), content_type="text/html")
        joint = "&" if "?" in query["redirect_uri"] else "?"
        # 303 makes the browser GET the client's address after this POST.
        return web.Response(status=303, headers={"Location": query["redirect_uri"] + joint + urlencode(answer)})


def _json(value: object, status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate"}
    return web.Response(
        status=status,
        body=orjson.dumps(value, option=orjson.OPT_INDENT_2),
        content_type="application/json",
        headers=headers,
    )


def _oauth_error(error: OAuthError) -> web.Response:
    return _json({"error": error.code, "error_description": error.description}, error.status)
