"""What attackers send, and what a refusal looks like."""

import io

from PIL import Image

from tests.server.serving import Answer, Serving


def pixel() -> bytes:
    """The smallest picture."""
    out = io.BytesIO()
    Image.new("RGB", (1, 1)).save(out, "PNG")
    return out.getvalue()


PIXEL = pixel()


def form(file: str, content: bytes, **fields: str) -> tuple[bytes, dict[str, str]]:
    """A multipart body with one file, and its header."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{file}"\r\n\r\n'
    body = b"".join([*parts, head.encode(), content, b"\r\n--x--\r\n"])
    return body, {"Content-Type": "multipart/form-data; boundary=x"}


def upload(server: Serving, file: str, content: bytes = PIXEL, **fields: str) -> Answer:
    body, headers = form(file, content, **fields)
    return server.call("POST", "/api/v1/files", body, headers)


def refused(answer: Answer, *statuses: int) -> None:
    """A problem that says what, and no traceback."""
    assert answer.status in statuses, (answer.status, answer.body[:300])
    assert answer.json["detail"] and b"Traceback" not in answer.body
