"""What a run will look up and compute, decided before anything runs. No recursion, O(V + E)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from nodeflow.engine.domain import NumericsDomain
from nodeflow.engine.keys import Fingerprint, KeyParts, key_parts
from nodeflow.node.check import CheckedWorkflow


@dataclass(frozen=True)
class Plan:
    """The nodes in order with the key of each, and what the keys are made of."""

    workflow: CheckedWorkflow
    parts: Mapping[str, KeyParts]
    keys: Mapping[str, str]

    def upstream(self, name: str) -> list[str]:
        """The nodes that a node takes values from, each once."""
        return list(dict.fromkeys(l.node for l in self.workflow.nodes[name].links.values()))  # noqa: E741


def make_plan(workflow: CheckedWorkflow, domain: NumericsDomain, fingerprint: Fingerprint) -> Plan:
    """Keys for all nodes that the outputs need, in topological order."""
    wanted, stack = set(workflow.outputs), list(workflow.outputs)
    while stack:
        for link in workflow.nodes[stack.pop()].links.values():
            if link.node not in wanted:
                wanted.add(link.node)
                stack.append(link.node)
    nonce = secrets.token_hex(8)
    parts: dict[str, KeyParts] = {}
    keys: dict[str, str] = {}
    for name, node in workflow.nodes.items():
        if name in wanted:
            parts[name] = key_parts(node, keys, workflow, domain, fingerprint, nonce)
            keys[name] = parts[name].key()
    return Plan(workflow, parts, keys)
