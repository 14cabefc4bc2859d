"""The sensor domain by REST: `/api/v1/{sensors,readings,locations,anomalies,predictions}/`."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from realtime import keys
from realtime.errors import Problem, invalid
from realtime.handlers import bulk, filters
from realtime.handlers.access import require, shown
from realtime.handlers.answers import answer, empty
from realtime.handlers.bodies import aside, parse_json, read_body, read_json, require_json
from realtime.handlers.idempotency import once
from realtime.handlers.pagination import page, page_after, window
from realtime.handlers.schemas.checking import check
from realtime.handlers.schemas.fields import LARGEST_ID
from realtime.handlers.schemas.telemetry import SCHEMAS, quick_reading
from realtime.handlers.telemetry_docs import operations
from realtime.policy import Action
from realtime.services import telemetry_bulk
from realtime.services.series import series
from realtime.services.telemetry import Written
from realtime.store.idempotency import Key, Outcome
from realtime.store.telemetry import ANOMALY, KINDS, PREDICTION, READING, Kind, Selection

POINTS: Final = 500
"""Points of a series where the query names no number."""

_REPORTED: Final = (READING, ANOMALY, PREDICTION)


class Resource:
    """The routes of one kind: list, get, create, replace, change, delete."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.schema = SCHEMAS[kind]
        self.creating = Action.REPORT if kind in _REPORTED else Action.WRITE
        self.deleting = Action.ADMIN if kind is READING else Action.WRITE

    async def list(self, request: web.Request) -> web.Response:
        """A page of the selected rows."""
        require(request, Action.READ, self.kind.channel)
        wanted = window(request)
        stretch = filters.stretch(request, wanted)
        telemetry = request.app[keys.TELEMETRY]
        count, rows = await telemetry.list(self.kind, filters.selection(request, self.kind), stretch)
        if stretch.id_after is None:
            return answer(page(request, wanted, count, rows))
        return answer(page_after(request, wanted, count, rows))

    async def get(self, request: web.Request) -> web.Response:
        """One row."""
        require(request, Action.READ, self.kind.channel)
        return answer(await request.app[keys.TELEMETRY].get(self.kind, self._id(request)))

    async def create(self, request: web.Request) -> web.Response:
        """A new row: 201."""
        require(request, self.creating, self.kind.channel)
        require_json(request)
        body = await read_body(request)
        values = await aside(len(body), lambda: check(self.schema, parse_json(body)))
        return await self._create(request, body, values)

    async def replace(self, request: web.Request) -> web.Response:
        """All fields of a row; those not given get their defaults."""
        return await self._update(request, partial=False)

    async def change(self, request: web.Request) -> web.Response:
        """Some fields of a row."""
        return await self._update(request, partial=True)

    async def delete(self, request: web.Request) -> web.Response:
        """A row is deleted: 204."""
        who = require(request, self.deleting, self.kind.channel)
        written = await request.app[keys.TELEMETRY].delete(self.kind, self._id(request), who)
        return empty(seq=written.seq)

    async def _create(self, request: web.Request, body: bytes, values: dict[str, object]) -> web.Response:
        telemetry, who = request.app[keys.TELEMETRY], request[keys.PRINCIPAL]

        async def do(key: Key | None) -> Written:
            return await telemetry.create(self.kind, values, who, key)

        async def again(outcome: Outcome) -> Written:
            return Written(await telemetry.get(self.kind, outcome.ids[0]), outcome.seq or 0)

        written = await once(request, body, do, again)
        place = f"/api/v1/{self.kind.channel}/{written.row['id']}/"
        return answer(written.row, 201, seq=written.seq, headers={"Location": place})

    async def _update(self, request: web.Request, *, partial: bool) -> web.Response:
        who = require(request, Action.WRITE, self.kind.channel)
        values = check(self.schema, await read_json(request), partial=partial)
        written = await request.app[keys.TELEMETRY].update(self.kind, self._id(request), values, who)
        return answer(shown(request, written.row, self.kind.channel), seq=written.seq)

    def _id(self, request: web.Request) -> int:
        wanted = int(request.match_info["id"])
        if not 1 <= wanted <= LARGEST_ID:
            raise Problem("not_found", f"There is no {self.kind.word} {wanted}.")
        return wanted


class Readings(Resource):
    """Readings come one at a time or many at once, and can be had as a series."""

    def __init__(self) -> None:
        super().__init__(READING)

    async def create(self, request: web.Request) -> web.Response:
        """A reading, or many of them: an array, or NDJSON."""
        require(request, self.creating, self.kind.channel)
        settings = request.app[keys.SETTINGS]
        lines = request.content_type in bulk.NDJSON
        if not lines:
            require_json(request)
        body = await read_body(request, settings.bulk_body_limit)
        if lines:
            return await self._create_many(request, body, await bulk.read_lines(body, settings.bulk_rows_limit))
        if bulk.is_array(body):
            return await self._create_many(request, body, await bulk.read_array(body, settings.bulk_rows_limit))
        if len(body) > settings.body_limit:
            raise Problem("too_large", f"The body of one reading is larger than {settings.body_limit} bytes.")
        return await self._create(request, body, await aside(len(body), lambda: self._reading(body)))

    def _reading(self, body: bytes) -> dict[str, object]:
        value = parse_json(body)
        return quick_reading(value) or check(self.schema, value)

    async def series(self, request: web.Request) -> web.Response:
        """The course of one sensor's readings."""
        require(request, Action.READ, self.kind.channel)
        sensor_id = filters.value(request, "sensor_id", filters.IDENTIFIER)
        if sensor_id is None:
            raise invalid(sensor_id=f"This parameter is needed. {filters.IDENTIFIER.allowed}")
        points = filters.value(request, "points", filters.POINTS) or POINTS
        selected = Selection({}, *filters.times(request))
        found = await series(request.app[keys.STORE], sensor_id, selected, points)
        return answer({"sensor_id": found.sensor_id, "points": found.points, "count": found.count})

    async def _create_many(self, request: web.Request, body: bytes, batch: bulk.Batch) -> web.Response:
        telemetry, who = request.app[keys.TELEMETRY], request[keys.PRINCIPAL]
        values, lines = batch

        async def do(key: Key | None) -> telemetry_bulk.Stored:
            return await telemetry_bulk.add_readings(telemetry.counts, values, lines, who, key)

        async def again(outcome: Outcome) -> telemetry_bulk.Stored:
            return telemetry_bulk.again(outcome.ids[0], outcome.ids[1], outcome.seq or 0)

        stored = await once(request, body, do, again)
        return answer(stored.body, 201, seq=stored.last_seq)


RESOURCES: Final = tuple(Readings() if kind is READING else Resource(kind) for kind in KINDS)


def _routes(resource: Resource) -> list[web.RouteDef]:
    many, one = f"/api/v1/{resource.kind.channel}/", f"/api/v1/{resource.kind.channel}/{{id:[0-9]{{1,19}}}}/"
    return [
        web.get(many, resource.list),
        web.post(many, resource.create),
        web.get(one, resource.get),
        web.put(one, resource.replace),
        web.patch(one, resource.change),
        web.delete(one, resource.delete),
    ]


ROUTES = [
    *(web.get("/api/v1/readings/series", each.series) for each in RESOURCES if isinstance(each, Readings)),
    *(route for each in RESOURCES for route in _routes(each)),
]

DOCS = operations()
