"""
The sockets of the channels dialect (seed 002), `/secure` and not: late authentication,
subscriptions, publications.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import WSMessage, WSMsgType, web

from realtime import keys
from realtime.auth import principal_of_token
from realtime.channels import NOTHING, Coverage
from realtime.delivery.frames import Format
from realtime.dialects import commands
from realtime.dialects.incoming import Authenticate, BadCommand, Command, Ping
from realtime.errors import CloseCode, Problem
from realtime.events import Event
from realtime.handlers import subscriptions
from realtime.handlers.sockets import ClientSocket, Opening
from realtime.policy import Principal, Role

USERS: Final = "users"


class ChannelsSocket(ClientSocket):
    """A client of `/api/v1/ws`; it hears `names`, of the sensor domain and the public channels."""

    door = "channels"

    def __init__(self, request: web.Request, opening: Opening, names: tuple[str, ...]) -> None:
        super().__init__(request, opening)
        self._names = names

    @property
    def format(self) -> Format:
        """See ClientSocket."""
        return self.app[keys.FORMATS].channels

    @property
    def channels(self) -> tuple[str, ...]:
        """See ClientSocket; subscriptions change them."""
        return self._names

    def check(self, principal: Principal) -> None:
        """See ClientSocket."""
        self._check(self.channels, principal)

    def _check(self, names: tuple[str, ...], principal: Principal) -> None:
        public = self.settings.public_channels
        subscriptions.check(names, principal, self.policy, public=public, secure=self.door == "secure")

    def coverage(self, principal: Principal) -> Coverage:
        """See ClientSocket."""
        return self._coverage(self.channels, principal)

    def _coverage(self, names: tuple[str, ...], principal: Principal) -> Coverage:
        """To no name belongs nothing here, though elsewhere it asks for all."""
        return subscriptions.coverage_of(names, principal, self.policy) if names else NOTHING

    async def greet(self) -> None:
        """Who listens to `users` hears at once who is there, where its dialect has a word for it."""
        if USERS in self.session.coverage:
            signal = self.app[keys.PRESENCE].list_signal()
            self.outlet.write(self.session.format.signal(signal) or b"")

    def read(self, text: str) -> Command:
        """See ClientSocket."""
        return commands.read(text)

    async def obey(self, command: commands.Command) -> None:
        """See ClientSocket."""
        match command:
            case commands.Publish():
                await self.publish(command)
            case commands.Subscribe():
                self._check(command.channels, self.session.principal)
                self._change(command.id, tuple(dict.fromkeys((*self.session.channels, *command.channels))))
            case commands.Unsubscribe():
                left = tuple(name for name in self.session.channels if name not in command.channels)
                self._change(command.id, left)
            case Ping():
                self.result(command.id, self.app[keys.ROSTER].standing(self.session))
            case Authenticate():
                await self.renew(command)

    def _change(self, id: Any, names: tuple[str, ...]) -> None:
        who = self.session.principal
        if len(names) > subscriptions.NAMES_LIMIT:
            raise Problem("invalid", f"A connection listens to at most {subscriptions.NAMES_LIMIT} channels.")
        position = self.hub.change(self.session, names, self._coverage(names, who))
        self._names = names
        self.result(id, {"channels": list(names), "position": str(position)})

    async def publish(self, command: commands.Publish) -> None:
        """Own channels are private, and so are those who publish on them."""
        raise Problem("not_permitted", "Publish on /api/v1/ws/secure, or by POST /api/v1/channels/{name}.")


class SecureSocket(ChannelsSocket):
    """A client of `/api/v1/ws/secure`, which may say who it is by its first frame."""

    door = "secure"

    async def publish(self, command: commands.Publish) -> None:
        """Queue the publication; it is answered when it is stored."""
        publications = self.app[keys.PUBLICATIONS]
        draft = publications.draft(self.session.principal, command.channel, command.data)
        await self.result_when_done(command.id, publications.publish(draft), _published)

    async def enter(self) -> Principal | None:
        """See ClientSocket."""
        if self.request[keys.PRINCIPAL].role is not Role.NOBODY:
            return await super().enter()
        # Its place is taken before the upgrade: afterwards there is no status to refuse it with.
        with self.app[keys.ADMISSION].stranger():
            await self.open()
            return await self._authenticate()

    async def _authenticate(self) -> Principal | None:
        """Who the client's first frame says it is; a stop of the server closes it as it closes all others."""
        self.hub.strangers.add(self.outlet)
        try:
            async with asyncio.timeout(self.settings.auth_timeout / 1_000):
                message = await self._first_frame()
            return await self._principal_of(message)
        except TimeoutError:
            await self.socket.close(code=CloseCode.NO_AUTH, message=b"no authentication in time")
            return None
        finally:
            self.hub.strangers.discard(self.outlet)
            await self.outlet.finish()

    async def _first_frame(self) -> WSMessage:
        """The first frame that is no ping or pong; few of these are answered."""
        while True:
            message: WSMessage = await self.socket.receive()
            if message.type not in (WSMsgType.PING, WSMsgType.PONG) or not self.pinged(message):
                return message

    async def _principal_of(self, message: WSMessage) -> Principal | None:
        """Whom the first frame's token stands for; None when the client was closed instead."""
        try:
            command = self.read(message.data) if message.type is WSMsgType.TEXT else None
        except BadCommand:
            command = None
        if not isinstance(command, Authenticate):
            await self.socket.close(code=CloseCode.NO_AUTH, message=b'the first frame must be {"type":"auth","token"}')
            return None
        try:
            principal = await principal_of_token(self.request, command.token)
            self.check(principal)
            await self.begin(principal)
        except Problem as problem:
            code = _REFUSED.get(problem.code, CloseCode.NOT_PERMITTED)
            await self.socket.close(code=code, message=problem.detail.encode()[:120])
            return None
        self.result(command.id, {"user": principal.name, "role": principal.role})
        return principal


_REFUSED: Final = {
    "unauthenticated": CloseCode.BAD_TOKEN,
    "too_many_requests": CloseCode.FLOOD,
    "blocked": CloseCode.KICKED,
    "busy": CloseCode.RECONNECT,
}


def _published(event: Event) -> dict[str, Any]:
    return {"seq": event.seq, "channel": event.channel, "at": event.time}
