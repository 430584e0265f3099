"""Widgets and previews of plugins as pages that can reach nothing but the editor's channel."""

import base64
import re
from hashlib import sha256

from aiohttp import web

from nodeflow.server.http.route import Call, Route
from nodeflow.server.process.questions import AskModule

CHANNEL = """
const nodeflow = (() => {
  let port, show, last, tall;
  const TEXT = "textarea,select,input:not([type=checkbox],[type=radio],[type=range],[type=button])";
  const send = (message) => port?.postMessage(message);
  const draw = () => last && show?.(last);
  addEventListener("message", function first(event) {
    if (event.source !== parent || event.data !== "nodeflow 1" || !event.ports[0]) return;
    removeEventListener("message", first);
    port = event.ports[0];
    port.onmessage = ({ data }) => {
      for (const [name, colour] of Object.entries(data.look))
        document.documentElement.style.setProperty(`--${name}`, colour);
      document.documentElement.style.colorScheme = data.theme;
      document.documentElement.lang = data.language;
      last = data;
      draw();
    };
    if (tall) send(tall);
    send({ type: "ready" });
  });
  const chord = ({ key, ctrlKey, metaKey, altKey, shiftKey }) =>
    (ctrlKey || metaKey ? "Ctrl+" : "") + (altKey ? "Alt+" : "") +
    (shiftKey && (key.length > 1 || /[a-z]/i.test(key)) ? "Shift+" : "") +
    (key.length === 1 ? key.toUpperCase() : key);
  addEventListener("keydown", (event) => {
    const [target] = event.composedPath();
    const pressed = chord(event);
    const typing = target.isContentEditable || target.matches?.(TEXT);
    const wanted = last?.anywhere.includes(pressed) || (!typing && last?.keys.includes(pressed));
    if (event.defaultPrevented || !wanted) return;
    event.preventDefault();
    send({ type: "keys", chord: pressed });
  });
  return Object.freeze({
    show(callback) { show = callback; draw(); },
    change(value) { send({ type: "change", value }); },
    done() { send({ type: "done" }); },
    height(pixels) { send((tall = { type: "height", pixels })); },
  });
})();
"""
"""What a module finds: `nodeflow.show`, `change`, `done`, `height`.

Keys that mean undo or redo are told to the page, unless a text is typed, and those that run or
save; none that the module uses itself."""
STYLE = (
    "html{color-scheme:light dark}"
    "html,body{margin:0;background:transparent;color:var(--ink);font:12px system-ui,sans-serif}"
)


def inline(script: str) -> str:
    """A script as it may stand in a page: nothing in it ends it or begins a comment."""
    return re.sub("<(?=/script|!--)", r"\\x3c", script, flags=re.IGNORECASE)


def hashed(script: str) -> str:
    """A script as a source of a content security policy."""
    return f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'"


async def frame(call: Call) -> web.StreamResponse:
    """A page with one module and an origin of its own, which may run and fetch nothing else."""
    asked = AskModule(call.part("plugin"), call.part("file"))
    module = inline((await call.state.inspector.ask(asked)).blob.decode())
    policy = (
        f"sandbox allow-scripts; default-src 'none'; script-src {hashed(CHANNEL)} {hashed(module)};"
        " style-src 'unsafe-inline'; img-src blob: data:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'self'"
    )
    text = (
        f'<!doctype html><html><head><meta charset="utf-8"><title></title><style>{STYLE}</style>'
        f"<script>{CHANNEL}</script></head><body>"
        f'<script type="module">{module}</script></body></html>'
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return web.Response(text=text, content_type="text/html", headers=headers)


ROUTES = [Route("GET", "/api/v1/frames/{plugin}/{file:.+}", frame, media="text/html")]
