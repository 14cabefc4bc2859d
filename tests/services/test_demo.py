"""The simulated site: made once, marked everywhere, alive."""

import asyncio

from realtime.services.demo import ANOMALY_EVERY, DEMO, MARK, PREDICTION_EVERY, Demo
from realtime.services.telemetry import Telemetry
from realtime.store.opening import open_store
from realtime.store.telemetry import LOCATION, READING, SENSOR, Selection, Stretch


async def names(telemetry):
    rows = [row for kind in (LOCATION, SENSOR) for row in (await telemetry.list(kind, Selection(), Stretch(100)))[1]]
    return [row["nombre"] for row in rows]


async def run(demo, heard, type, times=1):
    """Run the demo until so many events of a type have been told."""
    demo.start()
    async with asyncio.timeout(30):
        while sum(event.type == type for event in heard) < times:
            await asyncio.sleep(0.01)
    await demo.stop()


async def run_until(telemetry, heard, type, times=1):
    """Run a new demo, without pauses."""
    await run(Demo(telemetry, interval=0), heard, type, times)


async def test_everything_of_it_is_marked(store, heard):
    telemetry = Telemetry(store)
    await run_until(telemetry, heard, "reading.created", times=5)

    assert all(MARK in name for name in await names(telemetry))
    assert {event.actor for event in heard} == {"demo"}


async def test_it_finds_its_rows_again_after_a_restart(settings):
    told = []
    for _ in range(2):
        store = await open_store(settings, told.extend)
        await run_until(Telemetry(store), told, "reading.created", times=len(told) + 3)
        first = [event.type for event in told].count("sensor.created")
        await store.close()

    assert first == 4


async def test_it_has_an_anomaly_now_and_then_and_completes_its_predictions(store, heard):
    telemetry = Telemetry(store)
    await run_until(telemetry, heard, "prediction.completed")

    types = [event.type for event in heard]
    readings = types.count("reading.created")
    assert types.count("anomaly.detected") == readings // ANOMALY_EVERY
    assert types.count("prediction.created") == readings // PREDICTION_EVERY
    anomalies = [event.value for event in heard if event.type == "anomaly.created"]
    for anomaly in anomalies:
        reading = await telemetry.get(READING, anomaly["lectura_id"])
        assert reading["sensor_id"] == anomaly["sensor_id"]


async def test_it_makes_its_rows_again_when_somebody_deletes_them(store, heard):
    telemetry = Telemetry(store)
    demo = Demo(telemetry, interval=0)
    await run(demo, heard, "reading.created", times=3)
    for kind in (READING, SENSOR, LOCATION):
        for row in (await telemetry.list(kind, Selection(), Stretch(1000)))[1]:
            await telemetry.delete(kind, row["id"], DEMO)
    told = sum(event.type == "reading.created" for event in heard)
    await run(demo, heard, "reading.created", times=told + 1)

    assert len(await names(telemetry)) == 6
