"""Emitting from code in the server's own process, as seed 002 does it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from realtime.emit import EventType, NoServer, emit
from realtime.errors import Problem
from realtime.events import Event
from realtime.store.opening import Store, open_store
from tests.conftest import Client, MakeClient

DATA = {"id": 123, "tipo": "temperatura", "modelo": "DHT22"}


async def test_an_emitted_event_arrives_in_the_shape_of_the_seed(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws?channel=sensors") as socket:
        event = await emit.sensor_event(EventType.CREATED, DATA, 123, {"action": "create_sensor"})
        frame = await socket.receive_json(timeout=5)

    assert frame == {
        "type": "entity_event",
        "entity_type": "sensor",
        "event_type": "created",
        "entity_id": 123,
        "data": DATA,
        "timestamp": event.time,
        "metadata": {"action": "create_sensor"},
        "seq": event.seq,
    }


async def test_a_task_emits_without_being_waited_for(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws") as socket:
        tasks = [asyncio.create_task(emit.reading_event(EventType.CREATED, {"valor": n}, n + 1)) for n in range(3)]
        frames = [await socket.receive_json(timeout=5) for _ in range(3)]

    assert [frame["data"]["valor"] for frame in frames] == [0, 1, 2]
    assert [task.result().seq for task in tasks] == [frame["seq"] for frame in frames]


@pytest.mark.parametrize(
    ("send", "type", "word"),
    [
        (emit.location_event, EventType.UPDATED, "location.updated"),
        (emit.anomaly_event, EventType.ANOMALY_DETECTED, "anomaly.detected"),
        (emit.prediction_event, EventType.PREDICTION_COMPLETED, "prediction.completed"),
        (emit.prediction_event, EventType.DELETED, "prediction.deleted"),
    ],
)
async def test_each_entity_has_its_channel_and_words(client: Client, send: Any, type: EventType, word: str) -> None:
    event = await send(type, {"id": 5}, 5, {"action": "look"})

    assert (event.type, event.channel, event.entity_id) == (word, f"{word.split('.')[0]}s".replace("ys", "ies"), 5)
    assert event.metadata == b'{"action":"look"}'


async def test_system_events_go_to_the_channel_named(client: Client) -> None:
    async with client.ws_connect("/api/v1/ws?channel=sensors") as socket:
        await emit.system_event("warning", "Calibración pendiente", {"sensor": 5}, channel="sensors")
        frame = await socket.receive_json(timeout=5)

    assert (frame["type"], frame["level"], frame["message"]) == ("system_event", "warning", "Calibración pendiente")
    assert frame["data"] == {"sensor": 5}


async def test_what_was_queued_before_the_stop_is_stored(make_client: MakeClient, tmp_path: Path) -> None:
    from realtime.config import Settings

    client = await make_client(data=tmp_path / "kept")
    tasks = [asyncio.create_task(emit.sensor_event(EventType.UPDATED, {"n": n}, 1)) for n in range(50)]
    await asyncio.sleep(0)
    await client.close()
    events = await asyncio.gather(*tasks)

    store = await open_store(Settings(data=tmp_path / "kept"), lambda events: None)
    stored = [await store.log.get(event.seq) for event in events]
    await store.close()
    assert stored == events


async def test_without_a_server_the_error_says_so() -> None:
    with pytest.raises(NoServer, match="no server runs in this process"):
        emit.sensor_event(EventType.CREATED, DATA, 123)


async def test_after_a_server_has_ended_the_one_before_it_hears(
    store: Store, heard: list[Event], tmp_path: Path
) -> None:
    unbind = emit.bind(store)
    from realtime.config import Settings

    others: list[Event] = []
    other = await open_store(Settings(data=tmp_path / "other"), others.extend)
    unbind_other = emit.bind(other)
    await emit.system_event("info", "to the newer")
    await unbind_other()
    await other.close()
    await emit.system_event("info", "to the older")
    await unbind()

    assert [event.value["message"] for event in others] == ["to the newer"]
    assert [event.value["message"] for event in heard] == ["to the older"]


async def test_what_cannot_be_said_is_refused_and_nothing_is_told(store: Store, heard: list[Event]) -> None:
    unbind = emit.bind(store, 1000)
    for call, error in (
        (lambda: emit.sensor_event(EventType.ANOMALY_DETECTED, DATA, 1), ValueError),
        (lambda: emit.sensor_event(EventType.CREATED, {"x": [1.0, {"y": float("nan")}]}, 1), ValueError),
        (lambda: emit.sensor_event(EventType.CREATED, DATA, 1, {"x": float("inf")}), ValueError),
        (lambda: emit.sensor_event(EventType.CREATED, {"x": object()}, 1), TypeError),
        (lambda: emit.sensor_event(EventType.CREATED, {"x": "x" * 1000}, 1), Problem),
        (lambda: emit.system_event("loud", "x"), ValueError),
        (lambda: emit.system_event("info", "x", channel="chat"), ValueError),
    ):
        with pytest.raises(error):
            call()  # type: ignore[no-untyped-call]
    await unbind()

    assert heard == []
