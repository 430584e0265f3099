"""A server with a certificate: requests, the page's cookie, the websocket."""

import json
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.server.serving import TRIVIAL, Serving


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_all_of_it_works_over_tls(tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True,
    )  # fmt: skip
    trust = ssl.create_default_context(cafile=chain)
    server = Serving(tmp_path, ("--certificate", str(chain), "--key", str(key)), tls=trust)
    try:
        server.start()
        assert f"nodeflow: https://127.0.0.1:{server.port}/?token={server.token}" in server.log
        assert server.run(TRIVIAL)["state"] == "done"
        page = server.call("GET", f"/?token={server.token}", token="")
        cookie = page.headers["set-cookie"]
        assert page.status == 302 and all(
            word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict")
        )
        own = {"Origin": f"https://127.0.0.1:{server.port}"}
        assert server.call("GET", "/api/v1/jobs", headers=own).status == 200
        address = f"wss://127.0.0.1:{server.port}/api/v1/events"
        headers = {"Authorization": f"Bearer {server.token}"}
        with connect(address, additional_headers=headers, ssl=trust) as socket:
            assert json.loads(socket.recv(30))["type"] == "hello"
        server.tls = None
        with pytest.raises(OSError):
            server.call("GET", "/api/v1/health")
    finally:
        server.stop()
