"""What a check gives: nodes whose inputs are known to fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nodeflow.node.folders import Folders
from nodeflow.node.infer import Inferred
from nodeflow.node.spec import NodeSpec


@dataclass(frozen=True, slots=True)
class Link:
    """A checked link: the node it comes from and the number of its output."""

    node: str
    output: int


@dataclass(frozen=True, slots=True)
class CheckedNode:
    """A node whose inputs are known to fit: literals with defaults, and links, by port name."""

    name: str
    spec: NodeSpec
    literals: Mapping[str, object]
    links: Mapping[str, Link]


@dataclass(frozen=True)
class CheckedWorkflow:
    """All nodes in an order in which each comes after its inputs, and what is known of them.

    lists: outputs that give a list over which other nodes run, whose length only a run can tell;
    here it was taken to be one. with_lengths: the workflow with those lengths known.
    """

    nodes: Mapping[str, CheckedNode]
    outputs: tuple[str, ...]
    source: str | None = None
    folders: Folders = field(default_factory=Folders)
    inferred: Mapping[str, Inferred] = field(default_factory=dict)
    lists: tuple[Link, ...] = ()
    with_lengths: "Callable[[Mapping[Link, int]], CheckedWorkflow] | None" = None
