"""The bodies of the roster."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as plain

from realtime.dialects.roster import DIALECTS, LEVELS, STATUSES, status_of
from realtime.handlers.schemas import fields
from realtime.handlers.schemas.checking import Body, View

NAME_LENGTH: Final = 64
MESSAGE_LENGTH: Final = 500
CHANNELS_LIMIT: Final = 100
DECLARABLE: Final = tuple(name for name in DIALECTS if name not in ("sse", "ndjson"))
"""What a ticket can open: streams, which reconnect by themselves, would need it twice."""


def no_choice(value: Any) -> str:
    """The framework's sentence for a word that is none of those allowed."""
    return f'"{str(value)[:64]}" is not a valid choice.'


class _Status(plain.Field[str]):
    """`Ativa` or `Inativa`, in any of its spellings."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        found = status_of(value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError(no_choice(value))
        return found


class _Choice(plain.String):
    """One of the words, refused in the framework's sentence."""

    def __init__(self, *words: str, **more: Any) -> None:
        self._words = words
        super().__init__(metadata={"enum": list(words)}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if value not in self._words:
            raise ValidationError(no_choice(value))
        return str(value)


def _status() -> _Status:
    needed = "This field is needed: Ativa or Inativa."
    messages: dict[str, Any] = {"required": needed, "null": f"{fields.NULL} Ativa or Inativa."}
    return _Status(required=True, error_messages=messages, metadata={"type": "string", "examples": list(STATUSES)})


def _name() -> plain.String:
    """Whose connection it is: nobody is to look like somebody else."""
    field = fields.text(NAME_LENGTH, required=True)
    field.validators.append(_plain)
    return field


def _plain(name: str) -> None:
    if name != name.strip() or not name.isprintable():
        raise ValidationError("No spaces around it, and no invisible characters.")


class NewConnection(Body):
    """A connection to be declared: `dialect` and `channels` say where its ticket leads."""

    user = _name()
    status = _status()
    dialect = _Choice(*DECLARABLE, load_default="channels")
    channels = plain.List(
        fields.text(NAME_LENGTH), validate=validate.Length(1, CHANNELS_LIMIT), load_default=None, allow_none=True
    )


class ConnectionChange(Body):
    """What can change: of a socket's row `status` alone, of a declared one `user` as well."""

    user = _name()
    status = _status()


class Notice(Body):
    """Something to say to one connection."""

    level = _Choice(*LEVELS, required=True)
    message = fields.text(MESSAGE_LENGTH, required=True)


class Connection(View):
    """A row of the roster; `ticket`, `expires_in` and `url` only in the answer that declared it."""

    id = fields.identifier()
    user = plain.String()
    status = fields.choice(*STATUSES)
    dialect = fields.choice(*DIALECTS)
    channels = plain.List(plain.String())
    origin = fields.choice("socket", "api")
    connected_at = fields.moment(allow_none=True)
    disconnected_at = fields.moment(allow_none=True)
    last_seen = fields.moment(allow_none=True)
    remote = plain.String(allow_none=True)
    user_agent = plain.String(allow_none=True)
    last_seq = plain.Integer(allow_none=True)
    lag = plain.Integer(allow_none=True)
    queued_bytes = plain.Integer(allow_none=True)
    rtt_ms = plain.Float(allow_none=True)
    close_code = plain.Integer(allow_none=True)
    close_reason = plain.String(allow_none=True)
