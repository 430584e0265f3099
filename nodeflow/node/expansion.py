"""A node that becomes further nodes while the run goes on: loops, list mapping.

A node type declares `@node(…, expand=function)`. When its inputs (lazy ones excepted) have
values, the run calls `function(node, values)` and goes on with the nodes it returns as if the
document had held them:

- Their names must be new in the run; the custom is `parent/0/inner`, where `/` cannot occur in
  a document.
- Their links name each other, or any node that the expanding node itself is linked to
  (`node.links["images"].node`), lazy inputs included.
- Their keys follow by the ordinary scheme, so that results are reused piece by piece: an
  iteration whose literals and inputs are as before is a hit, however many iterations there are.
- To hand on one item of a list, link a node that picks it by a literal index: its value has a
  digest of its own, and an item that did not change stops the recomputation there.
- They may expand in turn. `outputs` has one link per output of the expanding node.

The expanding node's own result is kept under its own key, as any other node's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from nodeflow.node.check import CheckedNode, Link


@dataclass(frozen=True, slots=True)
class Expansion:
    """Checked nodes in an order in which each comes after its inputs, and where results are."""

    nodes: Mapping[str, "CheckedNode"]
    outputs: tuple["Link", ...]


Expand: TypeAlias = "Callable[[CheckedNode, Mapping[str, object]], Expansion]"
"""(the node, values of its inputs by name, lazy ones left out) to what stands for it."""
