"""The command line of the simulator."""

import argparse
import asyncio
import signal
import sys

from aiohttp import web

from gmail.simulator import arguments
from gmail.simulator.app import Server
from gmail.simulator.authority import Authority
from gmail.simulator.service import Service
from gmail.simulator.tunnel import Tunnel, server_context


def main() -> int:
    """Serve until a signal comes."""
    options = arguments.parser().parse_args()
    try:
        settings = arguments.read(options)
        service = Service(settings)
    except (ValueError, OSError) as error:
        print(f"gmail simulator: {error}", file=sys.stderr)
        return 2
    return asyncio.run(serve(service, options))


async def serve(service: Service, options: argparse.Namespace) -> int:
    """Listen, say where, wait for the end."""
    runner = web.AppRunner(
        Server(service).application(),
        access_log=None,
        keepalive_timeout=service.settings.keepalive,
        shutdown_timeout=0.1,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.port, backlog=1024).start()
        port = runner.addresses[0][1]
        if options.proxy is not None:
            await _open_tunnel(runner, options)
    except OSError as error:
        await runner.cleanup()
        print(f"gmail simulator: {error}", file=sys.stderr)
        return 2
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    print(f"gmail simulator ready on http://{options.host}:{port}", flush=True)
    await ended.wait()
    await runner.cleanup()
    return 0


async def _open_tunnel(runner: web.AppRunner, options: argparse.Namespace) -> None:
    """The proxy for unchanged clients, with the certificate that they have to trust."""
    authority = Authority()
    options.proxy_ca.write_bytes(authority.certificate)
    inner = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context(authority))
    await inner.start()
    await asyncio.start_server(Tunnel(runner.addresses[1][:2]).serve, options.host, options.proxy)


if __name__ == "__main__":
    sys.exit(main())
