"""The log: pages in order, gaps where something was trimmed, damage found, epochs kept."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from realtime.channels import AUDIT, EVERYTHING, Coverage, covering
from realtime.config import Settings
from realtime.events import Draft, Event
from realtime.store import history
from realtime.store.database import DataInUse
from realtime.store.log import MERGE_LIMIT, PAGE_BYTES, SCAN_LIMIT
from realtime.store.opening import Store, open_store
from realtime.store.retention import Retention
from realtime.store.schema import NewerSchema
from realtime.store.transaction import Transaction


async def publish(store: Store, *channels: str) -> list[Event]:
    drafts = [Draft.of(channel, "publication.created", {"n": n}) for n, channel in enumerate(channels)]
    return await asyncio.gather(*(store.committer.submit(lambda tx, draft=draft: tx.emit(draft)) for draft in drafts))


async def publish_as(store: Store, type: str, *channels: str) -> list[Event]:
    drafts = [Draft.of(channel, type, {}) for channel in channels]
    return await asyncio.gather(*(store.committer.submit(lambda tx, draft=draft: tx.emit(draft)) for draft in drafts))


def trimming(store: Store, settings: Settings) -> Retention:
    return Retention(store.log, store.committer, settings)


async def test_a_page_ends_at_its_limit_and_says_how_far_it_goes(store: Store) -> None:
    await publish(store, *["a", "b"] * 10)

    page = await store.log.since(0, covering(["a"]), upto=20, limit=4)
    assert [event.seq for event in page.events] == [1, 3, 5, 7]
    assert page.upto == 7

    rest = await store.log.since(page.upto, covering(["a"]), upto=20, limit=400)
    assert [event.seq for event in rest.events] == [9, 11, 13, 15, 17, 19]
    assert rest.upto == 20


async def test_several_channels_are_merged_in_order(store: Store) -> None:
    await publish(store, *[f"c{n % 7}" for n in range(70)])
    wanted = {"c1", "c3", "c6"}

    page = await store.log.since(10, Coverage(frozenset(wanted)), upto=60, limit=12)
    assert [event.seq for event in page.events] == [n + 1 for n in range(10, 60) if f"c{n % 7}" in wanted][:12]

    page = await store.log.since(0, Coverage(frozenset(wanted), all_but=True), upto=70, limit=1000)
    assert [event.seq for event in page.events] == [n + 1 for n in range(70) if f"c{n % 7}" not in wanted]


async def test_a_page_of_large_events_ends_early(store: Store) -> None:
    large = Draft.of("a", "publication.created", "x" * 100_000)
    for _ in range(200):
        future = store.committer.submit(lambda tx: tx.emit(large))
    await future

    page = await store.log.since(0, EVERYTHING, upto=200, limit=500)
    assert sum(len(event.data) for event in page.events) < PAGE_BYTES + 100_002
    assert page.upto == page.events[-1].seq


async def fill(store: Store, count: int, *channels: str) -> None:
    """So many events in one commit, on the channels by turns."""

    def work(tx: Transaction) -> None:
        for n in range(count):
            tx.emit(Draft.of(channels[n % len(channels)], "publication.created", n))

    await store.committer.submit(work)


@pytest.mark.parametrize(
    ("coverage", "looked_at"),
    [
        (EVERYTHING, {"a", "b", "rare"}),
        (covering(["a"]), {"a"}),
        (covering(["a", "b"]), {"a", "b"}),
        (Coverage(frozenset(["a"]), all_but=True), {"a", "b", "rare"}),
        (covering([*(f"c{n}" for n in range(MERGE_LIMIT)), "a"]), {"a", "b", "rare"}),
    ],
    ids=["everything", "a channel", "channels", "all but one", "very many channels"],
)
async def test_a_page_looks_at_so_many_events_and_no_more_for_a_type_that_is_rare(
    store: Store, coverage: Coverage, looked_at: set[str]
) -> None:
    await fill(store, 3 * SCAN_LIMIT, "a", "b")
    wanted = await publish_as(store, "system.info", "a", "b")
    expected = [event.seq for event in wanted if event.channel in coverage]
    found, after, tip, pages = [], 0, store.log.tip, 0
    while after < tip:
        page = await store.log.since(after, coverage, upto=tip, limit=100, type="system.info")
        assert after < page.upto <= tip, "it always goes on"
        between = [("a", "b")[n % 2] for n in range(after, page.upto)]
        assert sum(channel in looked_at for channel in between) <= SCAN_LIMIT
        found += [event.seq for event in page.events]
        after, pages = page.upto, pages + 1

    assert found == expected
    assert pages > 1


async def test_a_channel_in_which_little_happens_is_one_page_in_the_longest_log(store: Store) -> None:
    await fill(store, 2 * SCAN_LIMIT, "a")
    (wanted,) = await publish_as(store, "system.info", "rare")
    for kind in (None, "system.info"):
        page = await store.log.since(0, covering(["rare"]), upto=store.log.tip, limit=100, type=kind)
        assert [event.seq for event in page.events] == [wanted.seq]
        assert page.upto == store.log.tip


async def test_what_was_trimmed_is_a_gap_and_audit_entries_stay(store: Store, settings: Settings) -> None:
    await publish(store, *["a"] * 10)
    await store.committer.submit(lambda tx: tx.audit("user_created", {}, user_id=1, username="admin"))
    await publish(store, *["a"] * 10)
    await trimming(store, settings).trim_events(15)

    page = await store.log.since(3, covering(["a"]), upto=21, limit=100)
    assert page.gap
    assert page.trimmed == 15
    assert [event.seq for event in page.events] == list(range(16, 22))

    assert not (await store.log.since(15, covering(["a"]), upto=21, limit=100)).gap
    audit = await store.log.since(0, covering([AUDIT]), upto=21, limit=100)
    assert not audit.gap
    assert [event.seq for event in audit.events] == [11]


async def test_audit_entries_that_were_trimmed_before_the_rest_are_a_gap_too(store: Store, settings: Settings) -> None:
    for _ in range(5):
        await store.committer.submit(lambda tx: tx.audit("user_created", {}, user_id=1, username="admin"))
    await publish(store, "a")
    await trimming(store, settings).trim_audit(4)

    page = await store.log.since(1, EVERYTHING, upto=6, limit=100)
    assert page.gap
    assert [event.seq for event in page.events] == [5, 6]
    assert not (await store.log.since(1, covering(["a"]), upto=6, limit=100)).gap


async def test_numbers_go_on_after_everything_was_trimmed(settings: Settings) -> None:
    store = await open_store(settings, lambda events: None)
    await publish(store, "a", "a", "a")
    await trimming(store, settings).trim_events(3)
    await store.close()

    store = await open_store(settings, lambda events: None)
    assert store.log.tip == 3
    assert [event.seq for event in await publish(store, "a")] == [4]
    await store.close()


async def test_every_flipped_byte_of_a_payload_is_found_and_never_served(settings: Settings) -> None:
    store = await open_store(settings, lambda events: None)
    events = await publish(store, *["a"] * 200)
    await store.close()
    with sqlite3.connect(settings.data / "realtime.db") as raw:
        for event in events:
            at = event.seq % len(event.data)
            damaged = event.data[:at] + bytes([event.data[at] ^ 0x80]) + event.data[at + 1 :]
            raw.execute("UPDATE events SET data = CAST(? AS TEXT) WHERE seq = ?", (damaged, event.seq))
    raw.close()

    store = await open_store(settings, lambda events: None)
    page = await store.log.since(0, covering(["a"]), upto=200, limit=1000)
    await store.close()
    assert page.events == []
    assert page.damaged == [event.seq for event in events]


async def test_a_time_finds_the_last_event_before_it(store: Store, settings: Settings) -> None:
    events = await publish(store, *["a"] * 30)
    for moment in sorted({event.at for event in events}):
        before = [event.seq for event in events if event.at < moment]
        assert await store.log.before(moment) == (before[-1] if before else 0)
    assert await store.log.before(events[-1].at + 1) == 30
    await trimming(store, settings).trim_events(20)
    assert await store.log.before(events[-1].at + 1) == 30


async def test_the_epoch_stays_over_clean_stops_and_crashes_of_the_process(settings: Settings) -> None:
    epochs = []
    for _ in range(2):
        store = await open_store(settings, lambda events: None)
        epochs.append(store.log.epoch)
        await store.close()
    store = await open_store(settings, lambda events: None)
    epochs.append(store.log.epoch)
    # As after kill -9: closed without the note of a clean stop.
    await store.committer.stop()
    await store.database.close()
    store._lock.release()
    store = await open_store(settings, lambda events: None)
    epochs.append(store.log.epoch)
    await store.close()

    assert len(set(epochs)) == 1


@pytest.mark.parametrize(("durability", "renewed"), [("full", False), ("normal", True)])
async def test_a_crash_of_the_machine_draws_a_new_epoch_unless_every_commit_was_synced(
    tmp_path: Path, durability: str, renewed: bool
) -> None:
    settings = Settings(data=tmp_path, durability=durability)  # type: ignore[arg-type]
    store = await open_store(settings, lambda events: None)
    epoch = store.log.epoch
    await store.close()
    with sqlite3.connect(tmp_path / "realtime.db") as raw:
        raw.execute("UPDATE history SET value = 'another boot' WHERE key = ?", (history.BOOT,))
    raw.close()

    store = await open_store(settings, lambda events: None)
    assert (store.log.epoch != epoch) is renewed
    await store.close()


async def test_one_process_owns_the_folder(store: Store, settings: Settings) -> None:
    with pytest.raises(DataInUse, match="in use by process"):
        await open_store(settings, lambda events: None)


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(settings: Settings) -> None:
    store = await open_store(settings, lambda events: None)
    await store.close()
    with sqlite3.connect(settings.data / "realtime.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()

    with pytest.raises(NewerSchema, match="9999"):
        await open_store(settings, lambda events: None)
    with sqlite3.connect(settings.data / "realtime.db") as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    raw.close()


async def test_commits_are_synced_by_default_and_only_the_writer_checkpoints(store: Store) -> None:
    writer = store.database.writer
    assert (await writer.exec_driver_sql("PRAGMA synchronous")).scalar() == 2
    await writer.rollback()
    async with store.database.read() as reader:
        assert (await reader.exec_driver_sql("PRAGMA wal_autocheckpoint")).scalar() == 0
        assert (await reader.exec_driver_sql("PRAGMA query_only")).scalar() == 1
