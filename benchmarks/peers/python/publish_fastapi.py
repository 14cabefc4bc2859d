"""A durable publish with FastAPI, pydantic and async SQLAlchemy over aiosqlite: one insert and one commit an event.

The ordinary way of the documentations: a session for each request or command, the ORM's
`add` and `commit`, and a WebSocket whose messages are served one after the other. SQLite
writes ahead and syncs each commit, so what was answered survives a power loss.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Response, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine("sqlite+aiosqlite:///" + os.environ["BENCH_DATABASE"])
sessions = async_sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def write_ahead_and_sync(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    # Without it, writers that meet would fail at once instead of waiting for each other.
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


class Base(DeclarativeBase):
    pass


class Event(Base):
    __tablename__ = "events"

    seq: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]


class Reading(BaseModel):
    model_config = ConfigDict(extra="forbid")

    stamp: str = Field(min_length=1, max_length=64)
    sensor: str = Field(min_length=1, max_length=64)
    valor: float
    unidad: str = Field(max_length=16)
    note: str = Field(max_length=1000)


class Published(BaseModel):
    seq: int
    channel: str
    at: datetime


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["publish"]
    channel: str = Field(min_length=1, max_length=64)
    id: int
    data: Reading


class Result(BaseModel):
    type: Literal["result"] = "result"
    id: int
    success: bool
    data: Published


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.get("/ready")
async def ready() -> Response:
    return Response()


@app.post("/publish", status_code=201)
async def publish(reading: Reading, db: Annotated[AsyncSession, Depends(session)]) -> Published:
    return await store("bench", reading, db)


@app.websocket("/commands")
async def commands(connection: WebSocket) -> None:
    await connection.accept()
    try:
        while True:
            command = Command.model_validate_json(await connection.receive_text())
            async with sessions() as db:
                published = await store(command.channel, command.data, db)
            await connection.send_text(Result(id=command.id, success=True, data=published).model_dump_json())
    except WebSocketDisconnect:
        pass


async def store(channel: str, reading: Reading, db: AsyncSession) -> Published:
    row = Event(channel=channel, data=reading.model_dump(), at=datetime.now(UTC))
    db.add(row)
    await db.commit()
    return Published(seq=row.seq, channel=row.channel, at=row.at)
