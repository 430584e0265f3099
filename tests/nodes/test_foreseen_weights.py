"""The weights that a plan foresees are those that are in memory after the run."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from nodeflow.diffusion.precision import BUDGET
from nodeflow.diffusion.residency import residency_of
from nodeflow.engine.dry_run import DryRun, dry_run
from nodeflow.engine.run import Engine
from nodeflow.engine.weights import bytes_of, most_at_once
from nodeflow.graph.document import InputValue
from nodeflow.graph.edit import set_inputs
from nodeflow.interop.open import open_workflow
from nodeflow.node.check import check
from nodeflow.node.checked import CheckedWorkflow
from nodeflow.node.facts import Weights
from nodeflow.node.folders import Folders
from nodeflow.node.plugins import load_registry
from nodeflow.node.trust import TrustList

WORKFLOWS = Path(__file__).parents[2] / "workflows"
Settings = Mapping[tuple[str, str], InputValue]
REGISTRY = load_registry([], TrustList(Path("nowhere.json")))


def in_a_step(
    name: str, folder: Path, settings: Settings = MappingProxyType({})
) -> CheckedWorkflow:
    """An example, with one step of sampling and other literals by node and input."""
    workflow = open_workflow(WORKFLOWS / name)
    steps: Settings = {
        (n, "steps"): 1 for n, node in workflow.nodes.items() if "steps" in node.inputs
    }
    folders = Folders(output=folder / "output", temp=folder / "temp")
    return check(set_inputs(workflow, {**steps, **settings}), REGISTRY, folders)


def run_as_foreseen(engine: Engine, workflow: CheckedWorkflow) -> DryRun:
    """The plan, after the run that holds what it foresaw."""
    plan = dry_run(engine, workflow)
    result = engine.run(workflow)
    assert not result.failures
    held = engine.resources.get(*residency_of("cpu")).held_bytes()
    assert plan.unweighed == 0 and plan.weights == pytest.approx(held, rel=0.002)
    return plan


@pytest.mark.parametrize(
    "name",
    ["txt2img", "img2img", "style_lora", "canny_control", "silhouettes", "picture_prompt",
     "old_photograph", "boxes"],
)  # fmt: skip
def test_what_a_run_holds_was_foreseen(name: str, tmp_path: Path) -> None:
    run_as_foreseen(Engine(), in_a_step(f"{name}.yaml", tmp_path))


def test_only_what_runs_needs_weights_and_shared_files_count_once(tmp_path: Path) -> None:
    engine = Engine()
    first = run_as_foreseen(engine, in_a_step("txt2img.yaml", tmp_path))
    parts = {name: node.weights or 0 for name, node in first.nodes.items()}
    assert parts["positive"] == parts["negative"] > 0 and parts["canvas"] == 0
    assert first.weights == parts["positive"] + parts["sampler"] + parts["image"]
    saved = dry_run(
        engine, in_a_step("txt2img.yaml", tmp_path, {("save", "filename_prefix"): "other"})
    )
    assert saved.nodes["save"].action == "run" and saved.weights == saved.unweighed == 0
    seeded = dry_run(engine, in_a_step("txt2img.yaml", tmp_path, {("sampler", "seed"): 2}))
    assert seeded.weights == parts["sampler"] + parts["image"]


def test_a_lora_of_no_strength_takes_nothing(tmp_path: Path) -> None:
    plain = dry_run(Engine(), in_a_step("txt2img.yaml", tmp_path)).weights
    idle = in_a_step("style_lora.yaml", tmp_path, {("style", "strength_model"): 0.0})
    assert dry_run(Engine(), idle).weights == plain


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    plan = dry_run(Engine(), in_a_step("hooks.yaml", tmp_path))
    assert plan.unweighed == 1 and plan.nodes["sampler"].weights is None


def test_a_budget_keeps_weights_and_one_node_takes_what_it_needs() -> None:
    text, unet = Weights("clip_l", "a", 10**9), Weights("unet", "a", 2 * 10**9)
    vae = Weights("decoder", "a", 10**8, full=True)
    assert bytes_of([vae, vae], "cuda") == bytes_of([vae], "cpu") == 4 * 10**8
    assert bytes_of([unet], "cuda:1") * 2 == bytes_of([unet], "cpu") == 8 * 10**9
    assert most_at_once([[text], [unet], [vae]], "cpu") == 8 * 10**9
    assert most_at_once([[text], [unet, vae]], "cpu") == 84 * 10**8
    assert most_at_once([[text], [vae]], "cuda") == 24 * 10**8
    assert most_at_once([[text], [replace(text, file="b")]], "cpu") == 4 * 10**9 > BUDGET
    assert most_at_once([], "cpu") == 0
