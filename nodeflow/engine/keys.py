"""Keys: the digest of everything that decides a node's result, known before it runs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from nodeflow.engine.domain import NumericsDomain
from nodeflow.node.check import CheckedNode, CheckedWorkflow
from nodeflow.node.port import InputFile, ModelFile

Fingerprint = Callable[[Path], str]
SCHEME = 1


@dataclass(frozen=True, slots=True)
class KeyParts:
    """What a key is made of, kept so that a later run can say what changed.

    literals as JSON text by input; files as content digests by input; links as
    (upstream node, upstream key, output name) by input.
    """

    type: str
    version: int
    code: str
    domain: str
    literals: Mapping[str, str]
    files: Mapping[str, str]
    links: Mapping[str, tuple[str, str, str]]
    nonce: str = ""

    def key(self) -> str:
        """BLAKE2b (hex, 20 bytes). Names of upstream nodes are no part of it."""
        links = {name: (key, output) for name, (_, key, output) in self.links.items()}
        parts = (
            SCHEME, self.type, self.version, self.code, self.domain, self.literals, self.files,
            links, self.nonce,
        )  # fmt: skip
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return blake2b(text.encode(), digest_size=20).hexdigest()


def canonical(value: object) -> str:
    """A literal as text that is equal for equal values of the type its input takes."""
    if isinstance(value, float):
        return value.hex()
    return json.dumps(value, sort_keys=True, default=str)


def key_parts(
    node: CheckedNode,
    keys: Mapping[str, str],
    workflow: CheckedWorkflow,
    domain: NumericsDomain,
    fingerprint: Fingerprint,
    nonce: str,
) -> KeyParts:
    """The parts of one node's key, given the keys of the nodes before it."""
    literals, files = {}, {}
    for port in node.spec.inputs:
        if port.name not in node.literals:
            continue
        value = node.literals[port.name]
        if port.constraints and isinstance(value, str):
            kind = port.constraint(ModelFile)
            if kind is not None:
                files[port.name] = fingerprint(workflow.folders.find_model(kind.kind, value))
                continue
            if port.constraint(InputFile) is not None:
                files[port.name] = fingerprint(workflow.folders.find_input(value))
                continue
        wanted_float = getattr(port.type, "name", "") == "FLOAT" and isinstance(value, int)
        literals[port.name] = canonical(float(value) if wanted_float else value)  # type: ignore[arg-type]
    links = {
        name: (link.node, keys[link.node], workflow.nodes[link.node].spec.outputs[link.output].name)
        for name, link in node.links.items()
    }
    declaration = node.spec.declaration
    return KeyParts(
        declaration.id,
        declaration.version,
        node.spec.plugin.digest,
        str(domain),
        literals,
        files,
        links,
        "" if declaration.pure else nonce,
    )
