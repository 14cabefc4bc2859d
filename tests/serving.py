"""Servers in the process of the test, whose connections are those of the real one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from realtime import keys
from realtime.server import stopping
from realtime.server.connections import connections_of


class _Accepting:
    """An aiohttp server that makes its connections as the product does."""

    def __init__(self, server: web.Server, app: web.Application) -> None:
        self._server = server
        self._connect = connections_of(server, app[keys.SETTINGS])

    def __call__(self) -> web.RequestHandler:
        return self._connect()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


class Runner(stopping.Runner):
    """The product's runner, for any of aiohttp's sites."""

    async def cleanup(self) -> None:
        """End it, as `stop` does: goodbyes first, while their answers are heard."""
        await self.app.shutdown()
        await super().cleanup()

    @property
    def server(self) -> Any:
        """See BaseRunner; None before `setup`."""
        return None if super().server is None else self._accepting

    @cached_property
    def _accepting(self) -> _Accepting:
        server = super().server
        assert server is not None
        return _Accepting(server, self.app)


class Server(TestServer):
    """aiohttp's server of tests."""

    async def _make_runner(self, **options: Any) -> Runner:
        return Runner(self.app, **options)
