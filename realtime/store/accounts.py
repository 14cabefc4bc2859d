"""The rows of users, tokens, logins and sign-in links: every statement that the accounts need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.store.tables import login_links, logins, passwords, tokens, users
from realtime.store.telemetry import Stretch
from realtime.store.transaction import Row, Transaction

SYSTEM_ID: Final = 1
GUEST_ID: Final = 2
BUILT_IN: Final = frozenset({SYSTEM_ID, GUEST_ID})
"""Users that every database has from its first migration on; nobody signs in as one of them."""

_TOKEN_COLUMNS: Final = (
    *(column for column in tokens.c if column is not tokens.c.hash),
    users.c.name.label("user"),
)


async def find_token(connection: AsyncConnection, hash: str) -> Row | None:
    """The token with this hash and its user's `user_name`, `user_role` and `user_active`."""
    return await _first(connection, _with_user(tokens).where(tokens.c.hash == hash))


async def find_login(connection: AsyncConnection, hash: str) -> Row | None:
    """The login with this hash, and its user as in `find_token`."""
    return await _first(connection, _with_user(logins).where(logins.c.hash == hash))


async def find_link(connection: AsyncConnection, hash: str) -> Row | None:
    """The sign-in link with this hash, and its user as in `find_token`."""
    return await _first(connection, _with_user(login_links).where(login_links.c.hash == hash))


async def find_user(connection: AsyncConnection, key: int | str) -> Row | None:
    """The user with this id (an integer) or uuid."""
    return await _first(connection, select(users).where(_user_key(key)))


async def system_uuid(connection: AsyncConnection) -> str:
    """The uuid of the built-in user `system`: drawn with the database, and so a name for it."""
    return str((await connection.execute(select(users.c.uuid).where(users.c.id == SYSTEM_ID))).scalar_one())


async def has_admin(connection: AsyncConnection) -> bool:
    """Whether there is an active admin."""
    return int((await connection.execute(_active_admins(None))).scalar_one()) > 0


async def list_users(
    connection: AsyncConnection, where: Mapping[str, object], stretch: Stretch, *, part: str = ""
) -> tuple[int, list[Row]]:
    """How many users there are with these values, whose folded names hold that `part`, and one page of them."""
    conditions: list[ColumnElement[bool]] = [users.c[name] == value for name, value in where.items()]
    if part:
        conditions.append(users.c.folded.contains(part, autoescape=True))
    return await _page(connection, select(users), users, conditions, stretch)


async def list_tokens(
    connection: AsyncConnection, user_id: int | None, *, revoked: bool, stretch: Stretch
) -> tuple[int, list[Row]]:
    """Tokens (of one user, or of all) that are revoked, or that are not; never their hashes."""
    conditions: list[ColumnElement[bool]] = [
        tokens.c.revoked_at.is_not(None) if revoked else tokens.c.revoked_at.is_(None)
    ]
    if user_id is not None:
        conditions.append(tokens.c.user_id == user_id)
    statement = select(*_TOKEN_COLUMNS).join_from(tokens, users)
    return await _page(connection, statement, tokens, conditions, stretch)


def user_in(tx: Transaction, key: int | str) -> Row | None:
    """The user with this id (an integer) or uuid, as the unit of work sees it."""
    return _row(tx, select(users).where(_user_key(key)))


def user_folded(tx: Transaction, folded: str) -> Row | None:
    """The user whose folded name this is."""
    return _row(tx, select(users).where(users.c.folded == folded))


def named_in(tx: Transaction, word: str, folded: str) -> bool:
    """Whether an account's id or uuid is `word`, or its folded name `folded`, as the unit of work sees it."""
    known = [users.c.uuid == word.lower(), users.c.folded == folded]
    if word.isascii() and word.isdigit() and len(word) < 19:
        known.append(users.c.id == int(word))
    return tx.read(select(users.c.id).where(or_(*known)).limit(1)).first() is not None


def token_in(tx: Transaction, id: int) -> Row | None:
    """The token `id`, as the unit of work sees it, without its hash."""
    return _row(tx, select(*_TOKEN_COLUMNS).join_from(tokens, users).where(tokens.c.id == id))


def link_in(tx: Transaction, hash: str) -> Row | None:
    """The sign-in link with this hash, and its user, as the unit of work sees them."""
    return _row(tx, _with_user(login_links).where(login_links.c.hash == hash))


def login_in(tx: Transaction, id: int) -> Row | None:
    """The login `id`, as the unit of work sees it."""
    return _row(tx, _with_user(logins).where(logins.c.id == id))


def other_admins(tx: Transaction, id: int) -> int:
    """How many active admins there are beside the user `id`."""
    return int(tx.read(_active_admins(id)).scalar_one())


def live_tokens(tx: Transaction, user_id: int) -> list[Row]:
    """The tokens of a user that are neither revoked nor expired."""
    fresh = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > tx.at)
    statement = select(*_TOKEN_COLUMNS).join_from(tokens, users)
    found = tx.read(statement.where(tokens.c.user_id == user_id, tokens.c.revoked_at.is_(None), fresh))
    return [dict(row) for row in found.mappings()]


def live_logins(tx: Transaction, user_id: int) -> list[int]:
    """The ids of a user's logins that have not expired, the oldest first."""
    live = select(logins.c.id).where(logins.c.user_id == user_id, logins.c.expires_at > tx.at).order_by(logins.c.id)
    return list(tx.read(live).scalars())


def change_user(tx: Transaction, id: int, values: Mapping[str, object]) -> None:
    """Write these columns of a user."""
    tx.write(update(users).where(users.c.id == id).values(**values))


def revoke_token(tx: Transaction, id: int) -> None:
    """Mark a token as revoked from now on."""
    tx.write(update(tokens).where(tokens.c.id == id).values(revoked_at=tx.at))


def revoke_all(tx: Transaction, user_id: int) -> None:
    """Revoke all tokens of a user, end the logins, void the sign-in links, and forget the password."""
    tx.write(update(tokens).where(tokens.c.user_id == user_id, tokens.c.revoked_at.is_(None)).values(revoked_at=tx.at))
    tx.write(delete(logins).where(logins.c.user_id == user_id))
    tx.write(delete(passwords).where(passwords.c.user_id == user_id))
    void_links(tx, user_id)


def void_links(tx: Transaction, user_id: int) -> None:
    """Remove the sign-in links of a user, and everybody's that have expired."""
    tx.write(delete(login_links).where(or_(login_links.c.user_id == user_id, login_links.c.expires_at <= tx.at)))


def end_logins(tx: Transaction, user_id: int, but: int | None) -> None:
    """Remove the logins of a user, all `but` one, and everybody's that have expired."""
    theirs = logins.c.user_id == user_id
    ended = theirs if but is None else and_(theirs, logins.c.id != but)
    tx.write(delete(logins).where(or_(ended, logins.c.expires_at <= tx.at)))


def end_login(tx: Transaction, id: int) -> None:
    """Remove a login, and everybody's that have expired."""
    tx.write(delete(logins).where(or_(logins.c.id == id, logins.c.expires_at <= tx.at)))


def _active_admins(but: int | None) -> Select[Any]:
    statement = select(func.count()).select_from(users).where(users.c.active, users.c.role == "admin")
    return statement if but is None else statement.where(users.c.id != but)


def _with_user(table: Table) -> Select[Any]:
    return select(
        table, users.c.name.label("user_name"), users.c.role.label("user_role"), users.c.active.label("user_active")
    ).join_from(table, users)


def _user_key(key: int | str) -> ColumnElement[bool]:
    return users.c.id == key if isinstance(key, int) else users.c.uuid == key


async def _first(connection: AsyncConnection, statement: Select[Any]) -> Row | None:
    found = (await connection.execute(statement)).mappings().first()
    return None if found is None else dict(found)


def _row(tx: Transaction, statement: Select[Any]) -> Row | None:
    found = tx.read(statement).mappings().first()
    return None if found is None else dict(found)


async def _page(
    connection: AsyncConnection,
    statement: Select[Any],
    table: Table,
    conditions: list[ColumnElement[bool]],
    stretch: Stretch,
) -> tuple[int, list[Row]]:
    count = (
        await connection.execute(select(func.count()).select_from(table).where(and_(True, *conditions)))
    ).scalar_one()
    order = table.c.id.desc() if stretch.newest_first else table.c.id
    if stretch.id_after is not None:
        after = table.c.id < stretch.id_after if stretch.newest_first else table.c.id > stretch.id_after
        conditions = [*conditions, after]
    chosen = statement.where(and_(True, *conditions)).order_by(order).limit(stretch.limit).offset(stretch.offset)
    return count, [dict(row) for row in (await connection.execute(chosen)).mappings()]
