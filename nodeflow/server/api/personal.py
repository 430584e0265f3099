"""A user's settings and drafts."""

from typing import Annotated, Any

from msgspec import Meta, Struct, convert, json

from nodeflow.server.api.answers.personal import (
    DraftListed,
    Drafts,
    DraftSaved,
    DraftShown,
    SettingsShown,
)
from nodeflow.server.http.fault import Fault
from nodeflow.server.http.route import DOCUMENT, Call, Route
from nodeflow.server.store import values

SETTINGS_LIMIT = 1_000_000
DRAFTS = 200
Key = Annotated[str, Meta(min_length=1, max_length=200)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Values by key; null takes one away."""

    values: dict[Key, Any]


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """What a tab holds, in the editor's own form. revision: the one that was read last."""

    content: Any
    title: str | None = None
    workflow: str | None = None
    revision: int | None = None


async def settings(call: Call) -> SettingsShown:
    """All settings of the user."""
    database = call.state.database
    return {"values": await database.read(lambda c: values.read_all(c, call.user, "setting"))}


async def change_settings(call: Call, body: Settings) -> SettingsShown:
    """Change some settings."""

    def work(connection: Any) -> dict[str, Any]:
        for key, value in body.values.items():
            values.write(connection, call.user, "setting", key, value)
        found = values.read_all(connection, call.user, "setting")
        if len(json.encode(found)) > SETTINGS_LIMIT:
            raise Fault(413, "too_large", "all settings together may have 1 MB")
        return found

    found = await call.state.database.write(work)
    call.state.events.publish("settings.changed", {}, call.user)
    return {"values": found}


def draft_id(call: Call) -> str:
    """The id in the path. Raises Fault for one that is none."""
    id = call.part("id")
    if not (0 < len(id) <= 64 and id.isascii() and id.replace("-", "").replace("_", "").isalnum()):
        raise Fault(400, "bad_request", "an id has letters, digits, - and _, at most 64")
    return id


async def drafts(call: Call) -> Drafts:
    """All drafts without their content."""
    found = await call.state.database.read(lambda c: values.read_all(c, call.user, "draft"))
    return {"drafts": convert(list(found.values()), list[DraftListed])}


async def draft(call: Call) -> DraftShown:
    """One draft."""
    id = draft_id(call)
    found = await call.state.database.read(lambda c: values.read(c, call.user, "draft", id))
    if found is None:
        raise Fault(404, "not_found", f"there is no draft '{id}'")
    kept: DraftShown = found
    return kept


async def save_draft(call: Call, body: Draft) -> DraftSaved:
    """Keep a draft."""
    id = draft_id(call)
    kept = {"content": body.content, "title": body.title, "workflow": body.workflow}

    def work(connection: Any) -> dict[str, Any]:
        known = values.read_all(connection, call.user, "draft")
        if id not in known and len(known) >= DRAFTS:
            raise Fault(429, "too_many", f"{DRAFTS} drafts are kept at most; delete some")
        return values.write_draft(connection, call.user, id, kept, body.revision)

    try:
        saved = await call.state.database.write(work)
    except values.Stale as stale:
        raise Fault(
            409, "conflict", "another window saved this draft since", revision=stale.revision
        ) from None
    return {"id": id, "updated": saved["updated"], "revision": saved["revision"]}


async def delete_draft(call: Call) -> None:
    """Forget a draft."""
    id = draft_id(call)
    await call.state.database.write(lambda c: values.write(c, call.user, "draft", id, None))


ROUTES = [
    Route("GET", "/api/v1/settings", settings),
    Route("PATCH", "/api/v1/settings", change_settings),
    Route("GET", "/api/v1/drafts", drafts),
    Route("GET", "/api/v1/drafts/{id}", draft),
    Route("PUT", "/api/v1/drafts/{id}", save_draft, limit=DOCUMENT),
    Route("DELETE", "/api/v1/drafts/{id}", delete_draft, status=204),
]
