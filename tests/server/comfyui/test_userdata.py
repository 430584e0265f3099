"""`/userdata`, `/settings`, `/users`: files and settings of a user, and nobody else's."""

from typing import Any
from urllib.parse import quote

from tests.server.serving import ALICE, BOB, Serving


def test_a_file_is_kept_read_moved_and_taken_away(comfy: Serving) -> None:
    path = "/userdata/" + quote("workflows/käse/a.json", safe="")
    assert comfy.call("GET", path).status == 404
    assert comfy.call("POST", path, b'{"a": 1}').json == "workflows/käse/a.json"
    answer = comfy.call("GET", "/api" + path)
    assert answer.json == {"a": 1}
    assert answer.headers["content-type"].startswith("application/json")
    assert comfy.call("POST", path + "?overwrite=false", b"{}").status == 409
    about = comfy.call("POST", path + "?full_info=true", b'{"a": 2}').json
    assert about["path"] == "workflows/käse/a.json" and about["size"] == 8
    assert about["modified"] > 1e12
    target = quote("workflows/.index.json", safe="")
    moved = comfy.call("POST", f"{path}/move/{target}")
    assert moved.json == "workflows/.index.json"
    assert comfy.call("GET", path).status == 404
    comfy.call("POST", path, b"{}")
    assert comfy.call("POST", f"{path}/move/{target}?overwrite=false").status == 409
    assert comfy.call("DELETE", f"/userdata/{target}").status == 204
    assert comfy.call("DELETE", f"/userdata/{target}").status == 404


def test_folders_are_listed(comfy: Serving) -> None:
    for name in ("list/one.json", "list/sub/two.json"):
        comfy.call("POST", f"/userdata/{quote(name, safe='')}", b"{}")
    assert comfy.call("GET", "/userdata?dir=list").json == ["one.json"]
    assert comfy.call("GET", "/userdata?dir=list&recurse=true").json == [
        "one.json", "sub/two.json",
    ]  # fmt: skip
    split = comfy.call("GET", "/userdata?dir=list&recurse=true&split=true").json
    assert split == [["one.json", "one.json"], ["sub/two.json", "sub", "two.json"]]
    full = comfy.call("GET", "/userdata?dir=list&full_info=true").json
    assert full[0]["path"] == "one.json" and full[0]["size"] == 2
    assert comfy.call("GET", "/userdata").status == 400
    assert comfy.call("GET", "/userdata?dir=none").status == 404
    found = comfy.call("GET", "/v2/userdata?path=list").json
    assert [(item["name"], item["type"]) for item in found] == [
        ("one.json", "file"), ("sub", "directory"),
    ]  # fmt: skip
    assert found[0]["path"] == "list/one.json"
    assert comfy.call("POST", "/userdata/list", b"{}").status == 409
    assert comfy.call("POST", f"/userdata/{quote('list/one.json/x', safe='')}", b"").status == 409


def test_users_are_added(users_server: Serving) -> None:
    def by(token: str, method: str, body: Any = None) -> Any:
        return users_server.call(method, "/users", body, token=token)

    assert by(ALICE, "GET").json == {"storage": "server", "migrated": True}
    id = by(ALICE, "POST", {"username": "Zoë K."}).json
    assert by(ALICE, "GET").json == {"storage": "server", "users": {id: "Zoë K."}}
    assert by(BOB, "GET").json == {"storage": "server", "migrated": True}
    for name in ("Zoë K.", " ", "x" * 101):
        assert by(ALICE, "POST", {"username": name}).status == 400
    own = {"comfy-user": id}
    kept = users_server.call("POST", "/userdata/a.txt", b"a", headers=own, token=ALICE)
    assert kept.json == "a.txt"


def test_users_of_the_client_are_apart(comfy: Serving) -> None:
    alice, bob = {"comfy-user": "alice"}, {"comfy-user": "bob"}
    comfy.call("POST", "/userdata/own.txt", b"alice's", headers=alice)
    assert comfy.call("GET", "/userdata/own.txt", headers=alice).body == b"alice's"
    assert comfy.call("GET", "/userdata/own.txt", headers=bob).status == 404
    comfy.call("POST", "/settings", {"Comfy.Theme": "dark"}, headers=alice)
    assert comfy.call("GET", "/settings", headers=alice).json == {"Comfy.Theme": "dark"}
    assert comfy.call("GET", "/settings", headers=bob).json == {}
    for name in ("../x", "a/b", "a b", "ü", "x" * 65, "."):
        sent = {"comfy-user": name.encode("utf-8").decode("latin-1")}
        assert comfy.call("GET", "/settings", headers=sent).status == 400, name
    assert comfy.call("GET", "/users").json["storage"] == "server"


def test_settings_one_by_one(comfy: Serving) -> None:
    assert comfy.call("GET", "/settings/Comfy.New").json is None
    for value in (1, "two\r\nSet-Cookie: x", [3], {"four": 4}, False):
        assert comfy.call("POST", "/settings/Comfy.New", value).status == 200
        assert comfy.call("GET", "/api/settings/Comfy.New").json == value
    assert comfy.call("GET", "/settings").json["Comfy.New"] is False
    assert comfy.call("POST", "/settings", b"[1]").status == 400


def test_no_name_leads_out(comfy: Serving) -> None:
    assert (comfy.folder / "data" / "server.sqlite").is_file()
    folder = comfy.folder / "data" / "userdata" / "-" / "default"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(comfy.folder / "data")
    names = (
        "../../../server.sqlite", "..", ".", "/etc/passwd", "a/../../x", "link/server.sqlite",
        "C:\\x", "..\\..\\x", "a\0b", "a\r\nb", "%2e%2e%2fserver.sqlite/..", "x" * 500,
    )  # fmt: skip
    for name in names:
        path = "/userdata/" + quote(name, safe="")
        for method in ("GET", "POST", "DELETE"):
            answer = comfy.call(method, path, b"{}" if method == "POST" else None)
            assert answer.status in (400, 404, 405), (method, name)
        if name != ".":  # the user's own folder
            found = comfy.call("GET", f"/userdata?dir={quote(name)}")
            assert found.status in (400, 404), name
        assert comfy.call("GET", f"/v2/userdata?path={quote(name)}").status in (200, 400), name
    comfy.call("POST", "/userdata/ok.txt", b"x")
    for name in ("../../../token", "link/x"):
        target = quote(name, safe="")
        assert comfy.call("POST", f"/userdata/ok.txt/move/{target}").status == 400
    page = "/userdata/page.html"
    comfy.call("POST", page, b"<script>alert(1)</script>")
    answer = comfy.call("GET", page)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_what_only_the_frontend_asks_for(comfy: Serving) -> None:
    folders = comfy.call("GET", "/experiment/models").json
    assert {"name": "checkpoints", "folders": []} in folders
    models = comfy.call("GET", "/experiment/models/checkpoints").json
    assert models[0]["size"] > 0
    assert isinstance(comfy.call("GET", "/internal/files/output").json, list)
    assert comfy.call("GET", "/internal/files/data").status == 404
