"""The ports of node types as the document's forms need them."""

from nodeflow.graph.forms.signature import Signature, Signatures
from nodeflow.node.plugins import Registry
from nodeflow.node.port import Generic, ListType, TypeExpression, wire_name
from nodeflow.node.spec import NodeSpec


def type_text(kind: TypeExpression) -> str:
    """A type as text, generics as `$T`."""
    if isinstance(kind, Generic):
        return f"${kind.name}"
    if isinstance(kind, ListType):
        return f"list[{type_text(kind.item)}]"
    return wire_name(kind)


def signature_of(spec: NodeSpec) -> Signature:
    """The ports of one node type."""
    return Signature(
        {port.name: type_text(port.type) for port in spec.inputs},
        {output.name: type_text(output.type) for output in spec.outputs},
    )


def signatures_of(registry: Registry) -> Signatures:
    """A registry's signatures by node id, each made once."""
    made: dict[str, Signature | None] = {}

    def signature(id: str) -> Signature | None:
        if id not in made:
            spec = registry.get(id)
            made[id] = None if spec is None else signature_of(spec)
        return made[id]

    return signature
