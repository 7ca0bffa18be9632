"""Answers that come slowly, half, late or not at all."""

import asyncio

from aiohttp import web

from gmail.simulator.faults import HANG, Fault


async def answer(request: web.Request, whole: web.Response, body: bytes, fault: Fault) -> web.StreamResponse:
    """Send `body` with the status and headers of `whole` as `fault` (slow, truncate, reset, hang, close) wants it."""
    transport = request.transport
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds or HANG)
    if fault.kind in ("hang", "reset") and transport is not None:
        transport.abort()
        return whole
    stream = web.StreamResponse(status=whole.status, headers=whole.headers)
    stream.content_length = len(body)
    await stream.prepare(request)
    step = max(len(body) // 10, 1)
    for place in range(0, len(body) // 2 if fault.kind == "truncate" else len(body), step):
        await stream.write(body[place : place + step])
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds / 10)
    if fault.kind == "truncate" and transport is not None:
        await asyncio.sleep(0)
        transport.close()
    if fault.kind == "close" and transport is not None:
        # Whole, but the client keeps a connection that is closed when it comes back: nothing told it so.
        await stream.write_eof()
        transport.close()
    return stream
