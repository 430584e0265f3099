"""Paths that leave their folders, and files that a browser would run."""

from urllib.parse import quote

import pytest

from tests.server.attacks.uploads import PIXEL, refused, upload
from tests.server.serving import TRIVIAL, Serving

OUTSIDE = ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "..%252fsecret.txt",
           "sub/../../secret.txt", "/etc/passwd", "%2fetc%2fpasswd", "..\\secret.txt",
           "..%5csecret.txt", "C:/secret.txt", "C%3a%5csecret.txt", "a%00.png", "link/secret.txt",
           "link.png", ".hidden.png"]  # fmt: skip


def test_paths_that_leave_their_folder(server: Serving) -> None:
    work = server.folder / "work"
    (work / "secret.txt").write_text("secret")
    for folder in ("output", "input"):
        inside = work / folder
        inside.mkdir(exist_ok=True)
        for link, target in (("link", work), ("link.png", work / "secret.txt")):
            if not (inside / link).is_symlink():
                (inside / link).symlink_to(target)
        (inside / ".hidden.png").write_bytes(PIXEL)
        for path in OUTSIDE:
            for address in (f"/api/v1/files/{folder}/{path}",
                            f"/view?type={folder}&filename={path}",
                            f"/view?type={folder}&filename=a.png&subfolder={path}"):  # fmt: skip
                answer = server.call("GET", address)
                assert answer.status in (400, 403, 404), (address, answer.status)
                assert b"secret" not in answer.body or b"detail" in answer.body
        listed = server.call("GET", f"/api/v1/files/{folder}").json["files"]
        assert not [f for f in listed if f["path"].startswith((".", "link"))]


@pytest.mark.parametrize("name", ["../up.png", "/tmp/up.png", "a\\..\\..\\up.png", "c:up.png",
                                  "up.svg", "up.html", "up.py", ".up.png", "a\x00.png",
                                  "x" * 500 + ".png", "con?.png"])  # fmt: skip
def test_names_of_uploads(server: Serving, name: str) -> None:
    refused(upload(server, "a.png", PIXEL, name=name), 400, 404)
    refused(upload(server, "a.png", PIXEL, subfolder=f"../{name}"), 400, 404)
    outside = {path.name for path in server.folder.rglob("*up*")}
    assert not [n for n in outside if n.endswith((".svg", ".html", "up.py", "up.png"))]


def test_documents_and_drafts_stay_in_their_folder(server: Serving) -> None:
    before = set(server.folder.rglob("*evil*"))
    for name in ("../evil.yaml", "%2e%2e%2fevil.yaml", "/tmp/evil.yaml", "a/../../evil.yaml",
                 "..%5cevil.yaml", ".evil.yaml", "evil.py", "evil"):  # fmt: skip
        body = {"document": TRIVIAL}
        answer = server.call("PUT", f"/api/v1/workflows/{name}", body)
        assert answer.status in (400, 403, 404, 405), (name, answer.status, answer.body)
    assert set(server.folder.rglob("*evil*")) == before
    answer = server.call("PUT", "/api/v1/drafts/" + quote("../../evil", safe=""), {"content": {}})
    assert answer.status in (400, 404)


@pytest.mark.parametrize("prefix", ["../out/evil", "/tmp/evil", "a/../../evil", "evil\x00"])
def test_outputs_stay_in_their_folder(server: Serving, prefix: str) -> None:
    before = set(server.folder.rglob("*evil*"))
    document = {
        "nodes": {
            "blank": {"node": "EmptyImage", "width": 16, "height": 16},
            "save": {"node": "SaveImage", "images": "$blank", "filename_prefix": prefix},
        }
    }
    answer = server.call("POST", "/api/v1/jobs", {"document": document, "wait": 50})
    assert answer.status in (400, 422) or answer.json["state"] == "failed", answer.body
    assert set(server.folder.rglob("*evil*")) == before


def test_files_that_are_programs_are_downloads_in_a_box(server: Serving) -> None:
    output = server.folder / "work" / "output"
    output.mkdir(exist_ok=True)
    for name in ("evil.svg", "evil.html", "evil.xml", "evil.js"):
        (output / name).write_text("<script>alert(1)</script>")
        for address in (f"/api/v1/files/output/{name}", f"/view?type=output&filename={name}"):
            answer = server.call("GET", address)
            if answer.status == 200:
                assert answer.headers["content-type"].startswith("application/octet-stream")
                assert answer.headers["content-disposition"].startswith("attachment")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "default-src" in answer.headers["content-security-policy"]


def test_line_ends_make_no_headers(server: Serving) -> None:
    answer = server.call("GET", "/api/v1/files/output/a%0d%0aSet-Cookie:%20evil=1.png")
    assert "set-cookie" not in answer.headers
    refused(upload(server, "a.png", PIXEL, name="a\r\nSet-Cookie: x.png"), 400)
    answer = server.call("GET", "/view?filename=a%0d%0aX-Evil:%201.png&type=output")
    assert "x-evil" not in answer.headers
    changed = server.call("PATCH", "/api/v1/settings", {"values": {"a\r\nb": "c\r\nd"}})
    assert "b" not in changed.headers
