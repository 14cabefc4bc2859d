"""The sensor domain: a row, its event and its audit entry are one."""

import asyncio
import json

import pytest

from realtime.errors import Problem
from realtime.policy import Principal, Role
from realtime.services.telemetry import Telemetry
from realtime.services.telemetry_bulk import add_readings
from realtime.store.telemetry import ANOMALY, LOCATION, PREDICTION, READING, SENSOR, Selection, Stretch

ANA = Principal("ana", Role.ADMIN, "token:1", user_id=3)
SENSOR_VALUES = {
    "tipo": "temperatura",
    "modelo": "DHT22",
    "nombre": None,
    "ubicacion_id": None,
    "unidad": None,
    "activo": True,
}


@pytest.fixture
def telemetry(store):
    return Telemetry(store)


def reading(sensor_id=1, valor=21.5, timestamp=None):
    return {"sensor_id": sensor_id, "valor": valor, "unidad": None, "timestamp": timestamp}


def prediction(estado):
    return {"sensor_id": 1, "horizonte": "1h", "estado": estado, "valores": {"p50": [1, 2.5]}}


async def counts(telemetry, kind, **equals):
    return (await telemetry.list(kind, Selection(equals), Stretch(1)))[0]


async def test_what_is_created_is_told_with_the_whole_row(telemetry, heard):
    written = await telemetry.create(SENSOR, SENSOR_VALUES, ANA)

    event, audit = heard
    assert (event.channel, event.type, event.entity_id, event.actor) == ("sensors", "sensor.created", 1, "ana")
    assert event.value == written.row == await telemetry.get(SENSOR, 1)
    assert written.seq == event.seq
    assert written.row["created_at"] == event.time
    assert audit.channel == "audit"


async def test_definitions_are_audited_before_and_after_and_readings_are_not(telemetry, heard):
    await telemetry.create(LOCATION, {"nombre": "norte", "latitud": 1.5, "longitud": None}, ANA)
    await telemetry.update(LOCATION, 1, {"nombre": "sur"}, ANA)
    await telemetry.delete(LOCATION, 1, ANA)
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    await telemetry.create(READING, reading(), ANA)

    entries = [event.value for event in heard if event.channel == "audit"]
    assert [entry["action"] for entry in entries] == [
        "location_created",
        "location_updated",
        "location_deleted",
        "sensor_created",
    ]
    created, updated, deleted, _ = (entry["details"] for entry in entries)
    assert (created["before"], created["after"]["nombre"]) == (None, "norte")
    assert (updated["before"]["nombre"], updated["after"]["nombre"]) == ("norte", "sur")
    assert (deleted["before"]["nombre"], deleted["after"]) == ("sur", None)
    assert entries[0]["user"] == {"id": 3, "username": "ana"}
    assert created["location_id"] == 1


async def test_an_anomaly_is_told_as_created_and_then_as_detected(telemetry, heard):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    await telemetry.create(READING, reading(), ANA)
    values = {"sensor_id": 1, "lectura_id": 1, "tipo": "pico", "severidad": "alta", "descripcion": None}
    written = await telemetry.create(ANOMALY, values, ANA)

    created, detected = heard[-2:]
    assert [created.type, detected.type] == ["anomaly.created", "anomaly.detected"]
    assert created.channel == detected.channel == "anomalies"
    assert created.data == detected.data
    assert (written.seq, created.at) == (created.seq, detected.at)


async def test_a_prediction_is_told_as_completed_once(telemetry, heard):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    await telemetry.create(PREDICTION, prediction("en_proceso"), ANA)
    for values in ({"estado": "completada"}, {"estado": "completada"}, {"horizonte": "2h"}):
        await telemetry.update(PREDICTION, 1, values, ANA)

    types = [event.type for event in heard if event.channel == "predictions"]
    assert types == ["prediction.created", "prediction.updated", "prediction.completed", *["prediction.updated"] * 2]


async def test_a_prediction_that_is_made_completed_is_told_so(telemetry, heard):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    written = await telemetry.create(PREDICTION, prediction("completada"), ANA)

    assert [event.type for event in heard[-2:]] == ["prediction.created", "prediction.completed"]
    assert heard[-1].value == written.row
    assert written.row["valores"] == {"p50": [1, 2.5]}


async def test_a_deleted_reading_is_told_as_a_warning_on_its_channel(telemetry, heard):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    await telemetry.create(READING, reading(), ANA)
    row = await telemetry.get(READING, 1)
    written = await telemetry.delete(READING, 1, ANA)

    told = heard[-1]
    assert (told.channel, told.type, told.seq) == ("readings", "system.warning", written.seq)
    assert "1" in told.value["message"]
    assert told.value["data"] == {"action": "delete_reading", "reading": row}


@pytest.mark.parametrize("kind", [SENSOR, LOCATION, ANOMALY, PREDICTION], ids=lambda kind: kind.word)
async def test_what_is_deleted_is_told_with_its_last_row(telemetry, heard, kind):
    values = {
        SENSOR: SENSOR_VALUES,
        LOCATION: {"nombre": "norte", "latitud": None, "longitud": None},
        ANOMALY: {"sensor_id": 1, "lectura_id": None, "tipo": "pico", "severidad": "alta", "descripcion": None},
        PREDICTION: prediction("pendiente"),
    }[kind]
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    last = (await telemetry.create(kind, values, ANA)).row
    written = await telemetry.delete(kind, last["id"], ANA)

    (deleted,) = [event for event in heard if event.type == f"{kind.word}.deleted"]
    assert deleted.value == last
    assert deleted.seq == written.seq
    with pytest.raises(Problem, match="There is no"):
        await telemetry.get(kind, last["id"])


async def test_what_is_referred_to_is_not_deleted_and_the_answer_says_by_what(telemetry, heard):
    await telemetry.create(LOCATION, {"nombre": "norte", "latitud": None, "longitud": None}, ANA)
    await telemetry.create(SENSOR, {**SENSOR_VALUES, "ubicacion_id": 1}, ANA)
    await telemetry.create(READING, reading(), ANA)
    await telemetry.create(PREDICTION, prediction("pendiente"), ANA)
    values = {"sensor_id": 1, "lectura_id": 1, "tipo": "pico", "severidad": "alta", "descripcion": None}
    await telemetry.create(ANOMALY, values, ANA)
    told = len(heard)

    for kind, names in (
        (LOCATION, ["sensors"]),
        (SENSOR, ["readings", "anomalies", "predictions"]),
        (READING, ["anomalies"]),
    ):
        with pytest.raises(Problem) as refused:
            await telemetry.delete(kind, 1, ANA)
        assert (refused.value.status, refused.value.extra) == (409, {"referred_to_by": names})
    assert len(heard) == told


async def test_an_id_that_refers_to_nothing_is_refused_by_name(telemetry, heard):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    told = len(heard)
    values = {"sensor_id": 1, "lectura_id": 7, "tipo": "pico", "severidad": "alta", "descripcion": None}

    for refused in (
        telemetry.create(ANOMALY, values, ANA),
        telemetry.create(READING, reading(sensor_id=9), ANA),
        telemetry.update(SENSOR, 1, {"ubicacion_id": 4}, ANA),
    ):
        with pytest.raises(Problem) as problem:
            await refused
        assert problem.value.status == 400
        assert problem.value.errors
    assert len(heard) == told
    assert await counts(telemetry, READING) == await counts(telemetry, ANOMALY) == 0


async def test_a_sensor_that_was_deleted_takes_no_more_readings(telemetry):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    await telemetry.create(READING, reading(), ANA)
    await telemetry.delete(READING, 1, ANA)
    await telemetry.delete(SENSOR, 1, ANA)

    with pytest.raises(Problem, match="refers to nothing"):
        await telemetry.create(READING, reading(), ANA)


async def test_a_reading_keeps_its_own_time_and_gets_one_where_it_has_none(telemetry):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    own = (await telemetry.create(READING, reading(timestamp=1_752_969_937_123), ANA)).row
    none = (await telemetry.create(READING, reading(), ANA)).row
    replaced = (await telemetry.update(READING, 1, reading(valor=3.0), ANA)).row

    assert own["timestamp"] == replaced["timestamp"] == "2025-07-20T00:05:37.123Z"
    assert none["timestamp"] == none["created_at"]


async def test_an_event_past_the_limit_is_refused_and_nothing_is_stored(store, heard):
    telemetry = Telemetry(store, data_limit=300)
    with pytest.raises(Problem) as refused:
        await telemetry.create(SENSOR, {**SENSOR_VALUES, "nombre": "x" * 200}, ANA)

    assert refused.value.status == 413
    assert heard == []
    assert await counts(telemetry, SENSOR) == 0


async def test_counts_stay_exact_through_every_kind_of_write(telemetry, store):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    assert await counts(telemetry, READING) == 0
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    await asyncio.gather(*(telemetry.create(READING, reading(1 + n % 2), ANA) for n in range(20)))
    await add_readings(telemetry.counts, [reading(1), reading(1), reading(2)], range(1, 4), ANA)
    await telemetry.update(READING, 1, {"sensor_id": 2}, ANA)
    await telemetry.delete(READING, 2, ANA)
    for refused in (telemetry.create(READING, reading(9), ANA), telemetry.delete(READING, 99, ANA)):
        with pytest.raises(Problem):
            await refused

    fresh = Telemetry(store)
    for equals in ({}, {"sensor_id": 1}, {"sensor_id": 2}, {"sensor_id": 3}):
        assert await counts(telemetry, READING, **equals) == await counts(fresh, READING, **equals)
    assert await counts(telemetry, READING) == 22
    assert await counts(telemetry, READING, sensor_id=1) == 11
    assert await counts(telemetry, SENSOR) == 2


async def test_a_write_whose_requester_went_away_is_counted(telemetry):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    assert await counts(telemetry, READING) == 0
    gone = asyncio.create_task(telemetry.create(READING, reading(), ANA))
    await asyncio.sleep(0)
    gone.cancel()
    await telemetry.create(READING, reading(), ANA)

    assert gone.cancelled()
    assert await counts(telemetry, READING) == 2


async def test_a_count_that_is_taken_while_others_write_is_exact(telemetry, store):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)

    async def write(times):
        for _ in range(times):
            await telemetry.create(READING, reading(), ANA)

    await asyncio.gather(write(10), counts(telemetry, READING), write(10), counts(telemetry, READING))

    assert await counts(telemetry, READING) == await counts(Telemetry(store), READING) == 20


async def test_many_readings_have_ids_and_seqs_without_gaps_in_the_order_given(telemetry, heard):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    values = [reading(valor=float(n), timestamp=None if n % 2 else n) for n in range(1234)]
    stored = await add_readings(telemetry.counts, values, range(1, 1235), ANA)

    told = [event for event in heard if event.type == "reading.created"]
    assert [event.value["valor"] for event in told] == [value["valor"] for value in values]
    assert [event.entity_id for event in told] == list(range(stored.first_id, stored.last_id + 1))
    assert [event.seq for event in told] == list(range(stored.first_seq, stored.last_seq + 1))
    assert stored.count == 1234
    for event in (told[0], told[1], told[700]):
        assert event.value == await telemetry.get(READING, event.entity_id)


async def test_of_many_readings_one_without_a_sensor_stops_all_and_names_its_line(telemetry, heard):
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    told = len(heard)
    with pytest.raises(Problem) as refused:
        await add_readings(telemetry.counts, [reading(), reading(7), reading(8)], [1, 4, 5], ANA)

    assert refused.value.errors.keys() == {"4", "5"}
    assert "Line 4" in refused.value.detail
    assert len(heard) == told
    assert await counts(telemetry, READING) == 0


async def test_what_is_stored_survives_a_restart_with_its_counts(settings):
    from realtime.store.opening import open_store

    store = await open_store(settings, lambda events: None)
    telemetry = Telemetry(store)
    await telemetry.create(SENSOR, SENSOR_VALUES, ANA)
    written = await telemetry.create(READING, reading(), ANA)
    await store.close()

    store = await open_store(settings, lambda events: None)
    telemetry = Telemetry(store)
    assert await telemetry.list(READING, Selection(), Stretch(10)) == (1, [written.row])
    assert json.dumps((await telemetry.create(READING, reading(), ANA)).row["id"]) == "2"
    await store.close()
