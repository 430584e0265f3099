"""`doctor`: versions, devices, folders, models found, what is missing."""

import importlib.metadata
import platform
import sys
from collections.abc import Sequence

from nodeflow import __version__
from nodeflow.cli.main import DONE, WRONG, Parser
from nodeflow.cli.places import add_place_options, folders_from, plugin_folders
from nodeflow.engine.disk_cache import default_folder
from nodeflow.node.plugins import load_registry
from nodeflow.node.trust import config_folder

PACKAGES = (
    "torch", "safetensors", "tokenizers", "transformers", "numpy", "scipy", "pillow", "pyyaml",
    "networkx", "aiohttp", "rich", "torchsde",
)  # fmt: skip


def command(argv: Sequence[str]) -> int:
    """Look around; exit 2 where something needed is missing."""
    parser = Parser(prog="python -m nodeflow doctor", description=__doc__)
    add_place_options(parser)
    arguments = parser.parse_args(argv)
    print(f"nodeflow {__version__}, Python {platform.python_version()}, {platform.platform()}")
    missing = []
    for name in PACKAGES:
        try:
            print(f"  {name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if "torch" not in missing:
        import torch

        print(f"device: cpu, {torch.get_num_threads()} threads")
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            print(
                f"device: cuda:{index}, {properties.name}, {properties.total_memory / 1e9:.0f} GB"
            )
    folders = folders_from(arguments)
    print(f"pictures go to {folders.output.resolve()}, are read from {folders.input.resolve()}")
    print(f"cache {default_folder()}, configuration {config_folder()}")
    kinds = sorted({kind for root in folders.roots for kind in root.folders})
    found = 0
    for kind in kinds:
        for name, path in folders.model_files(kind).items():
            size = path.stat().st_size / 1e6 if path.is_file() else 0
            print(f"model: {kind}/{name} ({size:.0f} MB)")
            found += kind == "checkpoints"
    registry = load_registry(plugin_folders(arguments))
    print(f"{len(registry.nodes)} node types")
    for refused in registry.refused:
        print(f"plugin {refused.plugin.path}: {refused.reason}")
    if not found:
        print("no checkpoint was found: put one in models/checkpoints or name --models DIR")
    for name in missing:
        print(f"missing: {name}", file=sys.stderr)
    return WRONG if missing or not found else DONE
