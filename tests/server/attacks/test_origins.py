"""Pages and names of other sites, and who has no token."""

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.server.attacks.uploads import refused
from tests.server.serving import ALICE, TRIVIAL, Serving


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:1", "file://"]
)
def test_pages_of_other_origins(server: Serving, origin: str) -> None:
    for method, path in (("POST", "/api/v1/jobs"), ("GET", "/api/v1/jobs"), ("POST", "/prompt")):
        body = {"document": TRIVIAL} if method == "POST" else None
        refused(server.call(method, path, body, {"Origin": origin}), 403)


def test_forms_of_other_sites_are_not_taken_for_json(server: Serving) -> None:
    body = json.dumps({"document": TRIVIAL}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = server.call("POST", "/api/v1/jobs", body, {"Content-Type": kind})
        refused(answer, 400, 415)
    refused(server.call("GET", "/api/v1/jobs", headers={"Sec-Fetch-Site": "cross-site"}), 403)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8188", "127.0.0.1.evil.example", ""]
)
def test_names_that_were_bound_to_this_address(server: Serving, host: str) -> None:
    refused(server.call("GET", "/api/v1/health", headers={"Host": host}), 400, 403)


def test_websockets_of_other_origins(server: Serving) -> None:
    address = f"ws://127.0.0.1:{server.port}/api/v1/events"
    own = {"Authorization": f"Bearer {server.token}"}
    for more in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
        with pytest.raises(InvalidStatus):
            connect(address, additional_headers={**own, **more})
    with pytest.raises(InvalidStatus):
        connect(address)
    with connect(address, additional_headers=own) as mine:
        assert json.loads(mine.recv(10))["type"] == "hello"


def test_nobody_comes_in_without_the_token(server: Serving) -> None:
    for path in ("/api/v1/jobs", "/api/v1/openapi.json", "/metrics", "/object_info", "/",
                 "/sdapi/v1/options", "/api/v1/files/output"):  # fmt: skip
        answer = server.call("GET", path, token="wrong")
        assert answer.status == 401, path
    file = server.folder / "data" / "token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert server.token not in server.call("GET", "/api/v1/health").body.decode()


def test_the_link_lets_in_though_there_is_an_old_cookie(
    server: Serving, users_server: Serving
) -> None:
    names = []
    for each, token in ((server, server.token), (users_server, ALICE)):
        name = f"nodeflow-{each.port}"
        old = {"Cookie": f"{name}=an-old-one"}
        assert each.call("GET", "/api/v1/jobs", headers=old, token="").status == 401
        answer = each.call("GET", f"/?token={token}", headers=old, token="")
        assert answer.status == 302 and answer.headers["location"] == "/"
        cookie, _, rest = answer.headers["set-cookie"].partition(";")
        assert cookie == f"{name}={token}" and "HttpOnly" in rest and "SameSite=Strict" in rest
        names.append(name)
        both = {"Cookie": f"{cookie}; nodeflow-1=another-server's"}
        assert each.call("GET", "/api/v1/jobs", headers=both, token="").status == 200
        gone = each.call("DELETE", "/api/v1/session", headers=both, token="")
        assert gone.headers["set-cookie"].startswith(f'{name}=""')
        wrong = {**both, "Authorization": "Bearer wrong"}
        assert each.call("GET", "/api/v1/jobs", headers=wrong).status == 401
    assert len(set(names)) == 2
