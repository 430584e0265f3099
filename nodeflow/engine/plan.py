"""What a run will look up and compute, decided before anything runs. No recursion, O(V + E)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nodeflow.engine.domain import NumericsDomain
from nodeflow.engine.keys import Fingerprint, KeyParts, key_parts
from nodeflow.node.checked import CheckedNode, CheckedWorkflow


@dataclass
class Plan:
    """The nodes that outputs may need, in order, with the key of each and what it is made of.

    Lazy inputs that the literals alone rule out are no links here and no part of keys.
    """

    workflow: CheckedWorkflow
    domain: str
    fingerprint: Fingerprint
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    nodes: dict[str, CheckedNode] = field(default_factory=dict)
    parts: dict[str, KeyParts] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The roots."""
        return self.workflow.outputs

    def upstream(self, name: str) -> list[str]:
        """The nodes that a node is linked to, each once."""
        links = self.nodes[name].links
        if len(links) == 1:
            return [link.node for link in links.values()]
        return list(dict.fromkeys(link.node for link in links.values()))

    def add(self, nodes: Mapping[str, CheckedNode]) -> None:
        """Nodes in an order in which each comes after its inputs, with their keys."""
        for name, node in nodes.items():
            links = {
                port: (
                    link.node,
                    self.keys[link.node],
                    self.nodes[link.node].spec.outputs[link.output].name,
                )
                for port, link in node.links.items()
            }
            parts = key_parts(
                node, links, self.workflow.folders, self.domain, self.fingerprint, self.nonce
            )
            self.nodes[name], self.parts[name], self.keys[name] = node, parts, parts.key()


def without_unasked(node: CheckedNode) -> CheckedNode:
    """The node without the lazy links that its literals alone rule out."""
    declaration = node.spec.declaration
    if declaration.needs is None or declaration.expand is not None:
        return node
    if any(port not in declaration.lazy for port in node.links):
        return node
    known = {name: v for name, v in node.literals.items() if name not in declaration.lazy}
    try:
        asked = set(declaration.needs(known))
    except Exception:
        return node  # it fails again, and is reported, when the node's turn comes
    kept = {port: link for port, link in node.links.items() if port in asked}
    return node if len(kept) == len(node.links) else replace(node, links=kept)


def make_plan(workflow: CheckedWorkflow, domain: NumericsDomain, fingerprint: Fingerprint) -> Plan:
    """Keys for all nodes that the outputs may need, in topological order."""
    found: dict[str, CheckedNode] = {}
    stack = list(workflow.outputs)
    while stack:
        name = stack.pop()
        if name not in found:
            found[name] = without_unasked(workflow.nodes[name])
            stack.extend(link.node for link in found[name].links.values())
    plan = Plan(workflow, str(domain), fingerprint)
    plan.add({name: found[name] for name in workflow.nodes if name in found})
    return plan
