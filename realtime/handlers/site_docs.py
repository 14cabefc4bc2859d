"""What the OpenAPI document says of accounts, signing in, operations and pages."""

from __future__ import annotations

from typing import Final

from realtime.handlers.pages import SCREENS
from realtime.handlers.schemas.accounts import NewPassword, NewToken, NewUser, Token, User, UserChange
from realtime.handlers.telemetry_docs import PAGING
from realtime.openapi import STRING, Operation, Parameter, page_of
from realtime.policy import ASSIGNABLE, Action

_FLAG: Final = {"type": "boolean"}
_NULLABLE: Final = {"type": ["string", "null"]}
_ASKED: Final = ("unauthenticated", "not_permitted")
_BODY: Final = ("invalid", "malformed", *_ASKED, "too_large", "unsupported_media_type")
_TIME: Final = {"type": "string", "format": "date-time"}


def _page(summary: str, *errors: str, public: bool = False) -> Operation:
    return Operation(summary, "pages", answer=STRING, media="text/html", errors=errors, public=public)


def _form(summary: str, *errors: str, fields: tuple[str, ...] = ()) -> Operation:
    form = {"type": "object", "properties": dict.fromkeys(fields, STRING)}
    return Operation(
        summary,
        "accounts",
        status=303,
        other_bodies={"application/x-www-form-urlencoded": form},
        errors=("invalid", "foreign_origin", *errors),
        public=True,
    )


_ACCOUNTS: Final = {
    "GET /api/v1/users/": Operation(
        "List users",
        "accounts",
        answer=page_of(User()),
        parameters=(
            Parameter("name", "Users of this name.", STRING),
            Parameter("search", "Users whose name holds this.", STRING),
            Parameter("role", "Users of this role.", {"type": "string", "enum": list(ASSIGNABLE)}),
            Parameter("active", "Users that are, or are not, active.", _FLAG),
            *PAGING,
        ),
        errors=("invalid", *_ASKED),
    ),
    "POST /api/v1/users/": Operation(
        "Create a user", "accounts", answer=User(), status=201, body=NewUser(), errors=(*_BODY, "conflict")
    ),
    "GET /api/v1/users/{user}/": Operation(
        "One user, by id or uuid", "accounts", answer=User(), errors=(*_ASKED, "not_found")
    ),
    "PUT /api/v1/users/{user}/": Operation(
        "Replace what can change of a user",
        "accounts",
        answer=User(),
        body=UserChange(),
        errors=(*_BODY, "not_found", "conflict"),
    ),
    "PATCH /api/v1/users/{user}/": Operation(
        "Change a user",
        "accounts",
        answer=User(),
        body=UserChange(partial=True),
        errors=(*_BODY, "not_found", "conflict"),
    ),
    "DELETE /api/v1/users/{user}/": Operation(
        "Deactivate a user",
        "accounts",
        "All its credentials are revoked; the name stays taken.",
        status=204,
        errors=(*_ASKED, "not_found", "conflict"),
    ),
    "POST /api/v1/users/{user}/link/": Operation(
        "Make a one-time sign-in link",
        "accounts",
        answer={"type": "object", "properties": {"user": STRING, "url": STRING, "expires_at": _TIME}},
        status=201,
        errors=("invalid", *_ASKED, "not_found", "conflict"),
    ),
    "PUT /api/v1/users/{user}/password/": Operation(
        "Set a password",
        "accounts",
        "An admin sets anybody's; others their own, signed in in a browser, with the `current` one where there is one. "
        "The user's other logins end, and close with 4500.",
        status=204,
        body=NewPassword(),
        errors=(*_BODY, "not_found", "conflict", "too_many_requests", "busy"),
    ),
    "DELETE /api/v1/users/{user}/password/": Operation(
        "Take a password away",
        "accounts",
        "Sign-in links are the way in that is left.",
        status=204,
        errors=(*_ASKED, "not_found", "conflict"),
    ),
    "GET /api/v1/tokens/": Operation(
        "List tokens",
        "accounts",
        "One's own; an admin sees all.",
        answer=page_of(Token()),
        parameters=(
            Parameter("user_id", "Those of this user (admins).", {"type": "integer", "minimum": 1}),
            Parameter("revoked", "Those that are revoked instead.", _FLAG),
            *PAGING,
        ),
        errors=("invalid", *_ASKED),
    ),
    "POST /api/v1/tokens/": Operation(
        "Create a token",
        "accounts",
        "The answer holds the secret, `token`, this once.",
        answer=Token(),
        status=201,
        body=NewToken(),
        errors=(*_BODY, "not_found", "conflict"),
    ),
    "DELETE /api/v1/tokens/{id}/": Operation("Revoke a token", "accounts", status=204, errors=(*_ASKED, "not_found")),
    "POST /api/v1/ws/ticket": Operation(
        "Make a single-use ticket for a socket",
        "accounts",
        answer={"type": "object", "properties": {"ticket": STRING, "expires_in": {"type": "integer"}}},
        status=201,
        errors=("invalid", *_ASKED),
    ),
    "GET /api/v1/me": Operation(
        "Who one is here",
        "accounts",
        answer={
            "type": "object",
            "properties": {
                "name": STRING,
                "role": STRING,
                "user_id": {"type": ["integer", "null"]},
                "credential": STRING,
                "expires_at": _NULLABLE,
                "access": {"type": "string", "enum": ["open", "closed"]},
                "may": {"type": "array", "items": {"type": "string", "enum": list(Action)}},
                "reads": {"type": "array", "items": STRING},
            },
        },
        errors=_ASKED,
    ),
    "GET /login": _page("How to sign in", public=True),
    "POST /login": _form(
        "Sign in with name and password, or with the code of a link",
        *("unauthenticated", "link_used", "too_many_requests", "busy"),
        fields=("name", "password", "code", "next"),
    ),
    "GET /login/{code}": _page("Whom a sign-in link signs in", "link_used", "too_many_requests", public=True),
    "POST /login/{code}": _form("Sign in with a link", "unauthenticated", "link_used", "too_many_requests"),
    "GET /logout": _page("The button that signs out"),
    "POST /logout": Operation("Sign out", "accounts", status=303, errors=("foreign_origin",)),
}
_OPERATIONS: Final = {
    "GET /healthz": Operation(
        "Is the process alive", "operations", answer={"type": "object", "properties": {"status": STRING}}, public=True
    ),
    "GET /readyz": Operation(
        "Are requests served",
        "operations",
        answer={"type": "object", "properties": {"status": STRING, "version": STRING}},
        errors=("stopping",),
        public=True,
    ),
    "GET /metrics": Operation("Figures for Prometheus", "operations", answer=STRING, media="text/plain", errors=_ASKED),
}
_PAGES: Final = {
    **{f"GET {path}": _page(f"The page “{screen.title}”", *_ASKED) for path, screen in SCREENS.items()},
    "GET /websocket_client.html": _page("A test client, which also works as a file", public=True),
    "GET /websocket_client.js": Operation("Its script", "pages", answer=STRING, media="text/javascript", public=True),
    "GET /favicon.ico": Operation("The icon", "pages", answer=STRING, media="image/svg+xml", public=True),
    "GET /static/{name}": Operation(
        "A file of the pages", "pages", answer=STRING, media="*/*", errors=("not_found",), public=True
    ),
}

DOCS: Final = {**_ACCOUNTS, **_OPERATIONS, **_PAGES}
