"""What a run will look up and compute, decided before anything runs. No recursion, O(V + E)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nodeflow.engine.domain import NumericsDomain
from nodeflow.engine.keys import Fingerprint, KeyParts, key_parts
from nodeflow.node.checked import CheckedNode, CheckedWorkflow
from nodeflow.node.spec import NodeSpec


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
            self.nodes[name] = node
            self.parts[name] = parts = self.parts_of(node)
            self.keys[name] = parts.key()

    def parts_of(self, node: CheckedNode) -> KeyParts:
        """What the key of a node is made of, as its files are now."""
        links = {
            port: (
                link.node,
                self.keys[link.node],
                self.nodes[link.node].spec.outputs[link.output].name,
            )
            for port, link in node.links.items()
        }
        return key_parts(
            node, links, self.workflow.folders, self.domain, self.fingerprint, self.nonce
        )

    def copy(self) -> "Plan":
        """The same for another run, which adds the nodes that its own nodes become."""
        return Plan(
            self.workflow, self.domain, self.fingerprint,
            nodes=dict(self.nodes), parts=dict(self.parts), keys=dict(self.keys),
        )  # fmt: skip


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


class LastPlan:
    """The plan that was made last: the same workflow planned again costs only what may change.

    Literals, links and code of a checked workflow stand; files and what impure nodes depend on
    do not, and are looked at each time. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._last: tuple[Plan, tuple[str, ...]] | None = None

    def plan(
        self, workflow: CheckedWorkflow, domain: NumericsDomain, fingerprint: Fingerprint
    ) -> Plan:
        """What `make_plan` gives."""
        last = self._last
        if last is not None and last[0].workflow is workflow and last[0].domain == str(domain):
            plan, inconstant = last[0].copy(), last[1]
            if all(plan.parts_of(plan.nodes[name]) == plan.parts[name] for name in inconstant):
                return plan
        plan = make_plan(workflow, domain, fingerprint)
        specs = {id(node.spec): node.spec for node in plan.nodes.values()}
        changing = {key for key, spec in specs.items() if may_change(spec)}
        inconstant = tuple(name for name, node in plan.nodes.items() if id(node.spec) in changing)
        self._last = plan.copy(), inconstant
        return plan


def may_change(spec: NodeSpec) -> bool:
    """Whether a node's key depends on more than the workflow."""
    return not spec.declaration.pure or any(port.names_file for port in spec.inputs)
