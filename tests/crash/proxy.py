"""A wire between bridge and broker that can be cut, held, and made long."""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from harness.kafka_cluster import Cluster, Node
from harness.ports import free_ports

WAYS = ("requests", "answers")


class _Connection:
    """Two ways, each with what is on it."""

    def __init__(
        self,
        client: asyncio.StreamWriter,
        broker: asyncio.StreamWriter,
    ):
        self.ends = (client, broker)

    def cut(self) -> None:
        """At once: what is on its way is lost."""
        for end in self.ends:
            end.transport.abort()


class Proxy:
    """Listens on `port`, leads to `upstream`. Any thread may call it."""

    def __init__(self) -> None:
        self.upstream = 0
        self.port = 0
        self._delay_s = 0.0
        self._chance = random.Random(1)
        self._refuses = False
        self._connections: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._open = {way: asyncio.Event() for way in WAYS}
        self._thread = threading.Thread(
            target=self._loop.run_forever, daemon=True
        )
        self._thread.start()
        self._do(self._begin())

    def close(self) -> None:
        self.cut()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # ---- what can be done to it ----------------------------------------

    def cut(self) -> None:
        """All connections, without a word of farewell."""

        async def cut() -> None:
            for connection in list(self._connections):
                connection.cut()

        self._do(cut())

    def hold(self, *ways: str) -> None:
        """Nothing gets through on these ways, or on both."""

        async def hold() -> None:
            for way in ways or WAYS:
                self._open[way].clear()

        self._do(hold())

    def delay(self, most_s: float) -> None:
        """Everything takes up to so long, each way."""
        self._delay_s = most_s

    def refuse(self) -> None:
        """New connections are closed as they come."""
        self._refuses = True

    def heal(self) -> None:
        async def heal() -> None:
            for way in WAYS:
                self._open[way].set()

        self._delay_s = 0.0
        self._refuses = False
        self._do(heal())

    # ---- inside --------------------------------------------------------

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _begin(self) -> None:
        for event in self._open.values():
            event.set()
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, client: asyncio.StreamWriter
    ) -> None:
        if self._refuses:
            client.transport.abort()
            return
        try:
            from_broker, broker = await asyncio.open_connection(
                "127.0.0.1", self.upstream
            )
        except OSError:
            client.transport.abort()
            return
        connection = _Connection(client, broker)
        self._connections.add(connection)
        tasks = [
            asyncio.ensure_future(work)
            for way, source, sink in (
                ("requests", reader, broker),
                ("answers", from_broker, client),
            )
            for work in self._pipe(way, source, sink)
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            connection.cut()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._connections.discard(connection)

    def _pipe(
        self,
        way: str,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
    ) -> tuple[Coroutine[Any, Any, None], ...]:
        on_it: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def take() -> None:
            due = 0.0
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    late = self._chance.uniform(0, self._delay_s)
                    due = max(due, time.monotonic() + late)
                    on_it.put_nowait((due, data))

        async def give() -> None:
            with contextlib.suppress(OSError):
                while True:
                    due, data = await on_it.get()
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    await self._open[way].wait()
                    sink.write(data)
                    await sink.drain()

        return take(), give()


class ProxiedCluster(Cluster):
    """One broker with a second listener, which it says is where the proxy is:
    who begins at `proxied` stays on the proxy."""

    def __init__(self, folder: Path):
        self.proxy = Proxy()
        super().__init__(folder)

    @property
    def proxied(self) -> str:
        return f"127.0.0.1:{self.proxy.port}"

    def _settings(self, node: Node) -> dict[str, str]:
        settings = super()._settings(node)
        (self.proxy.upstream,) = free_ports(1)
        settings["listeners"] += f",PROXIED://127.0.0.1:{self.proxy.upstream}"
        return {
            **settings,
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{node.port},"
            f"PROXIED://{self.proxied}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,"
            "PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
        }

    def resume(self, node: int | None = None) -> None:
        self.proxy.heal()
        super().resume(node)

    def close(self) -> None:
        """Behind destroy(), which is used between attempts too."""
        self.proxy.close()
