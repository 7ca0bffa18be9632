"""The simulator as an HTTP server."""

import asyncio
import secrets
import zlib
from collections.abc import AsyncIterator
from functools import partial
from random import Random

import orjson
from aiohttp import web

from gmail.simulator import api, batch, breakage, control, doors, refusals
from gmail.simulator.api import Reply
from gmail.simulator.call import Call
from gmail.simulator.control import ControlError
from gmail.simulator.faults import Fault
from gmail.simulator.push import Emitter
from gmail.simulator.service import Service
from gmail.simulator.signing import Signer

JSON = "application/json; charset=UTF-8"
LARGEST_REQUEST = 220 * 1024 * 1024
GZIP_FROM = 200


class Server:
    """The routes of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        service.script.perform = partial(control.run, service=service)
        self.signer = Signer()
        self._dice = Random(service.settings.seed)

    def application(self) -> web.Application:
        """An aiohttp application."""
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_post("/batch", self.batch)
        app.router.add_post("/batch/gmail/v1", self.batch)
        app.router.add_route("*", "/gmail/v1/{rest:.*}", self.single)
        app.router.add_post("/control/{name}", self.command)
        app.router.add_get("/control/stats", self.stats)
        app.router.add_get("/control/spends", self.spends)
        app.router.add_get("/control/mailbox", self.mailbox)
        app.router.add_get("/control/secrets", self.secrets)
        app.cleanup_ctx.append(self._pushing)
        doors.add_routes(app, self.service, self.signer)
        return app

    async def _pushing(self, app: web.Application) -> AsyncIterator[None]:
        emitter = Emitter(self.service, self.signer)
        await emitter.start()
        yield
        await emitter.stop()

    async def single(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        self.service.stats.http["single"] += 1
        call = Call.parse(request.method, request.raw_path, _headers(request), await request.read())
        ticket = self.service.begin(call)
        await self._pause(0)
        reply = self.service.finish(ticket)
        return await self._send(request, reply, JSON, self.service.transport_fault([ticket]))

    async def batch(self, request: web.Request) -> web.StreamResponse:
        """Up to 100 calls, in flight together."""
        self.service.stats.http["batch"] += 1
        boundary = batch.boundary_of(request.headers.get("Content-Type", ""))
        parts = batch.parse(await request.read(), boundary, _headers(request)) if boundary else []
        if not parts or len(parts) > batch.MOST_PARTS:
            wrong = refusals.too_many_parts(len(parts)) if parts else refusals.invalid("Failed to parse batch request.")
            return await self._send(request, api.refuse(wrong), JSON, None)
        fault = self.service.faults.strike("batch")
        if fault is not None and (refusal := fault.refusal(self.service.clock())) is not None:
            return await self._send(request, api.refuse(refusal), JSON, None)
        tickets = [self.service.begin(part.call) for part in parts]
        await self._pause(len(parts))
        answers = []
        for part, ticket in zip(parts, tickets, strict=True):
            reply = self.service.finish(ticket)
            if ticket.fault is None or ticket.fault.kind != "missing_part":
                answers.append((part.content_id, reply.status, reply.body))
        mark = f"batch_{secrets.token_urlsafe(24)}"
        reply = Reply(200, batch.render(mark, answers))
        content_type = f"multipart/mixed; boundary={mark}"
        return await self._send(request, reply, content_type, fault or self.service.transport_fault(tickets))

    async def _pause(self, parts: int) -> None:
        if (seconds := self.service.latency.before(parts, self._dice)) > 0:
            await asyncio.sleep(seconds)

    async def _send(
        self, request: web.Request, reply: Reply, content_type: str, fault: Fault | None
    ) -> web.StreamResponse:
        """The answer, as Gmail's servers or as the fault wants it."""
        headers = {"Content-Type": content_type} if reply.body else {}
        headers |= {"Vary": "Origin, X-Origin, Referer", "Cache-Control": "private", "Server": "ESF"}
        body = reply.body
        if self.service.settings.gzip and len(body) > GZIP_FROM and _wants_gzip(request):
            body, headers["Content-Encoding"] = _gzip(body), "gzip"
        if fault is not None:
            return await breakage.answer(request, web.Response(status=reply.status, headers=headers), body, fault)
        if (seconds := self.service.latency.during(len(body))) > 0.01:
            await asyncio.sleep(seconds)
        return web.Response(status=reply.status, body=body, headers=headers)

    async def command(self, request: web.Request) -> web.StreamResponse:
        """POST /control/..."""
        try:
            body = orjson.loads(await request.read() or b"{}")
            return _json(control.run(request.match_info["name"], body, self.service))
        except (ControlError, orjson.JSONDecodeError) as error:
            return _json({"error": str(error)}, 400)

    async def stats(self, request: web.Request) -> web.StreamResponse:
        """GET /control/stats."""
        return _json(control.stats(self.service))

    async def spends(self, request: web.Request) -> web.StreamResponse:
        """GET /control/spends."""
        return _json(control.spends(self.service))

    async def secrets(self, request: web.Request) -> web.StreamResponse:
        """GET /control/secrets."""
        return _json(control.secrets(self.service))

    async def mailbox(self, request: web.Request) -> web.StreamResponse:
        """GET /control/mailbox?email=...&hashes=0."""
        try:
            box = self.service.world.mailbox(request.query.get("email", self.service.settings.accounts[0]))
        except KeyError:
            return _json({"error": "no such account"}, 404)
        return _json(await asyncio.to_thread(control.mailbox, box, request.query.get("hashes", "1") != "0"))


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _wants_gzip(request: web.Request) -> bool:
    """Google compresses only for clients that say so twice."""
    accepts, agent = request.headers.get("Accept-Encoding", ""), request.headers.get("User-Agent", "")
    return "gzip" in accepts and "gzip" in agent


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")
