"""Stand between two programs as a bad network would: a TCP proxy whose weather can be changed."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Literal

Weather = Literal["clear", "stall", "blackhole", "truncate", "trickle"]
CHUNK = 65_536
PATIENCE = 10.0


class Network:
    """One thread with the event loop that all proxies share."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="network", daemon=True)
        self._thread.start()
        self._proxies: list[Proxy] = []

    def proxy(self, target: int) -> "Proxy":
        """A proxy before a port of this machine."""
        made = Proxy(self, target)
        self._proxies.append(made)
        return made

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Have it done in the loop; its result."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(PATIENCE)

    def stop(self) -> None:
        """Close everything."""
        for each in self._proxies:
            self.run(each.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


class Proxy:
    """Forwards to `target`; what lost a byte ends when the weather clears, as TCP's own patience would end it."""

    def __init__(self, network: Network, target: int) -> None:
        self.network, self.target = network, target
        self.weather: Weather = "clear"
        self._changed = asyncio.Event()
        self._spoiled: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server = network.run(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]

    def change(self, weather: Weather) -> None:
        """From now on."""
        self.network.run(self._change(weather))

    def reset(self) -> int:
        """Break every connection, with RST; how many there were."""
        count: int = self.network.run(self._reset(self._open))
        return count // 2

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def _change(self, weather: Weather) -> None:
        self.weather = weather
        self._changed.set()
        self._changed = asyncio.Event()
        if weather == "clear":
            await self._reset(self._spoiled)

    async def _reset(self, which: set[asyncio.StreamWriter]) -> int:
        broken = list(which)
        which.clear()
        for writer in broken:
            _reset(writer)
        return len(broken)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        both = {writer, far_writer}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, far_writer, both))
                pumps.create_task(self._pump(far_reader, writer, both))
        except* OSError:
            pass
        finally:
            self._open -= both
            self._spoiled -= both
            for each in both:
                each.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, both: set[asyncio.StreamWriter]
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._forward(data, writer, both)
        if writer.can_write_eof():
            writer.write_eof()

    async def _forward(self, data: bytes, writer: asyncio.StreamWriter, both: set[asyncio.StreamWriter]) -> None:
        if writer in self._spoiled:
            return
        match self.weather:
            case "stall":
                await self._changed.wait()
            case "blackhole":
                self._spoiled |= both  # a byte is lost: what follows must never arrive
                return
            case "truncate":
                writer.write(data[: len(data) // 2])
                await writer.drain()
                raise ConnectionResetError
            case "trickle":
                data = await self._trickle(data, writer)
        writer.write(data)
        await writer.drain()

    async def _trickle(self, data: bytes, writer: asyncio.StreamWriter) -> bytes:
        """A byte a second; what is left when the weather changes."""
        while data and self.weather == "trickle":
            writer.write(data[:1])
            data = data[1:]
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), 1.0)
            except TimeoutError:
                continue
        return data

    async def close(self) -> None:
        """Listen no more, end what is open."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN: linger for no time at all (socket(7))."""
    if (plain := writer.get_extra_info("socket")) is not None and plain.fileno() >= 0:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
