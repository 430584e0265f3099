"""Keys: the digest of everything that decides a node's result, known before it runs.

A node's *identity* is what it is by itself: type, version, plugin code, numerics domain,
literals, contents of the files it names, what an impure node says it depends on. Its *key* is
the identity with the keys of the nodes before it, its *trace* the identity with the digests of
their values. See docs/internals/cache.md.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import NamedTuple

from nodeflow.node.checked import CheckedNode
from nodeflow.node.folders import Folders
from nodeflow.node.port import FLOAT, InputFile, ModelFile

Fingerprint = Callable[[Path], str]
SCHEME = 2


class KeyParts(NamedTuple):
    """What a key is made of, kept so that a later run can say what changed.

    literals as JSON text by input; files as content digests by input; links as
    (upstream node, upstream key, output name) by input; depends as the node says them.
    nonce: not empty where the node runs every time.
    """

    type: str
    version: int
    code: str
    domain: str
    literals: Mapping[str, str]
    files: Mapping[str, str]
    links: Mapping[str, tuple[str, str, str]]
    depends: tuple[str, ...] = ()
    nonce: str = ""

    def identity(self) -> str:
        """The node by itself, as text: one line each, no value holds a line's end."""
        lines = [f"{SCHEME} {self.type} {self.version} {self.code} {self.domain} {self.nonce}"]
        for name, text in self.literals.items():
            lines.append(f"literal {name} {text}")
        for name, digest in self.files.items():
            lines.append(f"file {name} {digest}")
        for text in self.depends:
            lines.append(f"depends {encode_basestring_ascii(text)}")
        return "\n".join(lines) if len(lines) > 1 else lines[0]

    def key(self) -> str:
        """Identity and upstream keys; the names of upstream nodes are no part of it."""
        links = [f"{name} {key} {output}" for name, (_, key, output) in self.links.items()]
        return digest_of("key", self.identity(), links)


def digest_of(purpose: str, identity: str, links: Iterable[str]) -> str:
    """BLAKE2b (hex, 20 bytes) of an identity and its links in any order."""
    text = "\n".join([purpose, identity, *sorted(links)])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def trace_of(identity: str, digests: Mapping[str, str]) -> str:
    """The trace of a node whose linked inputs have values of these digests, by input."""
    return digest_of("trace", identity, [f"{name} {value}" for name, value in digests.items()])


def canonical(value: object) -> str:
    """A literal as text that is equal for equal values of the type its input takes."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, float):
        return value.hex()
    return json.dumps(value, sort_keys=True, default=str)


def file_of(node: CheckedNode, port: str, folders: Folders) -> Path | None:
    """The file that a literal names, or None where it names none."""
    spec, value = node.spec.input(port), node.literals.get(port)
    if spec is None or not spec.constraints or not isinstance(value, str):
        return None
    kind = spec.constraint(ModelFile)
    if kind is not None and value in kind.besides:
        return None
    if kind is not None:
        return folders.find_model(kind.kind, value)
    return folders.find_input(value) if spec.constraint(InputFile) is not None else None


def key_parts(
    node: CheckedNode,
    links: Mapping[str, tuple[str, str, str]],
    folders: Folders,
    domain: str,
    fingerprint: Fingerprint,
    nonce: str,
) -> KeyParts:
    """The parts of one node's key, given its links as `KeyParts` has them."""
    literals: dict[str, str] = {}
    files: dict[str, str] = {}
    named_later = False
    for port in node.spec.inputs:
        name = port.name
        if name not in node.literals:
            named_later |= name in links and port.names_file
            continue
        value = node.literals[name]
        path = file_of(node, name, folders) if port.constraints else None
        if path is not None:
            files[name] = fingerprint(path)
        elif port.type == FLOAT and type(value) is int:
            literals[name] = canonical(float(value))
        else:
            literals[name] = canonical(value)
    declaration = node.spec.declaration
    depends: tuple[str, ...] = ()
    if declaration.pure:
        # Which file a link will name is not known yet, so that its content cannot take part.
        nonce = nonce if named_later else ""
    elif declaration.depends is not None:
        nonce, depends = "", tuple(declaration.depends(node.literals, folders))
    return KeyParts(
        declaration.id, declaration.version, node.spec.plugin.digest, domain, literals, files,
        links, depends, nonce,
    )  # fmt: skip
