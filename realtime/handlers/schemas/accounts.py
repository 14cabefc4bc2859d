"""The bodies of users and tokens."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields as plain
from marshmallow import validate

from realtime.handlers.schemas import fields
from realtime.handlers.schemas.checking import Body, View
from realtime.policy import ASSIGNABLE, Action
from realtime.services.password_rules import LONGEST
from realtime.services.tokens import CHANNELS_LIMIT, MOST_DAYS

NAME_LENGTH: Final = 64


class UserKey(plain.Field[int | str]):
    """Which user: an id as a number, a uuid or a name as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | str:
        if isinstance(value, bool) or not isinstance(value, int | str) or not value or len(str(value)) > NAME_LENGTH:
            raise self.make_error("invalid")
        return value


def _optional() -> dict[str, Any]:
    return {"load_default": None, "allow_none": True}


class NewUser(Body):
    """A user to be made."""

    name = fields.text(NAME_LENGTH, required=True)
    role = fields.choice(*ASSIGNABLE, required=True)


class UserChange(Body):
    """What of a user can change. To deactivate is to revoke all that the user has."""

    role = fields.choice(*ASSIGNABLE, required=True)
    active = fields.flag(load_default=True)


class NewPassword(Body):
    """A password to be set; `current` by who is no admin, where there is one."""

    password = fields.text(LONGEST, required=True)
    current = fields.text(LONGEST, **_optional())


class NewToken(Body):
    """A token to be made; without a user, for whoever asks."""

    name = fields.text(NAME_LENGTH, load_default="")
    user = UserKey(error_messages={"invalid": "An id, a uuid or a name."}, **_optional())
    role = fields.choice(*ASSIGNABLE, **_optional())
    channels = plain.List(fields.text(NAME_LENGTH), validate=validate.Length(max=CHANNELS_LIMIT), **_optional())
    verbs = plain.List(fields.choice(*Action), validate=validate.Length(max=len(Action)), **_optional())
    days = plain.Integer(
        strict=True,
        validate=validate.Range(1, MOST_DAYS),
        error_messages={"invalid": f"A whole number from 1 to {MOST_DAYS}."},
        **_optional(),
    )
    make_user = fields.flag(load_default=False)


class User(View):
    """A user, as answers show it."""

    id = fields.identifier()
    uuid = plain.UUID()
    name = fields.text(NAME_LENGTH)
    role = plain.String()
    active = fields.flag()
    online = fields.flag()
    last_seen = fields.moment(allow_none=True)
    created_at = fields.moment()
    updated_at = fields.moment()


class Token(View):
    """A token, as answers show it; `token`, the secret, only in the answer that made it."""

    id = fields.identifier()
    user_id = fields.identifier()
    user = fields.text(NAME_LENGTH)
    name = fields.text(NAME_LENGTH)
    role = plain.String()
    channels = plain.List(plain.String(), allow_none=True)
    verbs = plain.List(plain.String(), allow_none=True)
    created_at = fields.moment()
    expires_at = fields.moment()
    revoked_at = fields.moment(allow_none=True)
    token = plain.String()
