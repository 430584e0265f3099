"""What a node is: a typed function, its ports, its registry. Imports no torch.

The names here are all that a plugin needs besides `nodeflow.values`.
"""

from nodeflow.node.artifact import Artifacts, SavedFile
from nodeflow.node.context import RunContext
from nodeflow.node.declare import node
from nodeflow.node.expansion import Expansion
from nodeflow.node.folders import Folders
from nodeflow.node.infer import Inferred
from nodeflow.node.port import (
    Colour,
    InputFile,
    ModelFile,
    Multiline,
    Name,
    PortType,
    Range,
    Seed,
)
from nodeflow.node.spec import InputProblem

__all__ = [
    "Artifacts",
    "Colour",
    "Expansion",
    "Folders",
    "Inferred",
    "InputFile",
    "InputProblem",
    "ModelFile",
    "Multiline",
    "Name",
    "PortType",
    "Range",
    "RunContext",
    "SavedFile",
    "Seed",
    "node",
]
