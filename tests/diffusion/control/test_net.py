"""Control nets against diffusers, in files of every layout, and at work in sampling."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.diffusion.checkpoint.header import CheckpointError
from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.files import ControlKind, own_names, read_control
from nodeflow.diffusion.control.load import load_control
from nodeflow.diffusion.control.net import ControlNetModel, copied_from
from nodeflow.diffusion.recipe import ControlRecipe, WeightsFile
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.node.file_digest import content_digest
from tests.diffusion.closeness import relative_l2
from tests.diffusion.patches.embedded import parts
from tests.nodes.test_behaviour import call

EMBEDDED = Path(__file__).parents[3] / "nodeflow/models/checkpoints/tiny-emoji.safetensors"
SD1 = UNetConfig()
SMALL = UNetConfig(
    block_out_channels=(32, 64), layers_per_block=1, transformer_depth=(1, 0), heads=(4, 4),
    context_width=16,
)  # fmt: skip
SDXL_LIKE = UNetConfig(
    block_out_channels=(64, 128), layers_per_block=2, transformer_depth=(0, 2), mid_depth=2,
    heads=(1, 2), context_width=48, linear_projection=True, label_width=24,
)  # fmt: skip


def reference(config: UNetConfig) -> Any:
    """diffusers' control net of these sizes, its outputs not 0."""
    kinds = ["CrossAttnDownBlock2D" if d else "DownBlock2D" for d in config.transformer_depth]
    depths = [d or 1 for d in config.transformer_depth]
    net = diffusers.ControlNetModel(
        block_out_channels=config.block_out_channels,
        layers_per_block=config.layers_per_block,
        down_block_types=tuple(kinds),
        attention_head_dim=list(config.heads),
        cross_attention_dim=config.context_width,
        transformer_layers_per_block=depths,
        use_linear_projection=config.linear_projection,
        class_embed_type="projection" if config.label_width else None,
        projection_class_embeddings_input_dim=config.label_width,
        norm_num_groups=config.norm_groups,
    )
    made = torch.Generator().manual_seed(1)
    for parameter in net.parameters():
        if not parameter.any():
            parameter.data = 0.05 * torch.randn(parameter.shape, generator=made)
    return net.eval()


def saved(net: Any, config: UNetConfig, path: Path, naming: Naming, prefix: str = "") -> Path:
    """A file of diffusers' weights under a layout's names."""
    names = own_names(ControlNetConfig(config), Place(prefix, naming))
    renamed = {
        names[ours.replace("class_embedding.", "add_embedding.")]: tensor.clone().contiguous()
        for ours, tensor in net.state_dict().items()
    }
    save_file(renamed, path)
    return path


@pytest.mark.parametrize(
    "config",
    [SMALL, SDXL_LIKE, pytest.param(SD1, marks=pytest.mark.heavy)],
    ids=["small", "SDXL-like", "SD1"],
)
@pytest.mark.parametrize(
    ("naming", "prefix"), [(Naming.LDM, "control_model."), (Naming.LDM, ""), (Naming.DIFFUSERS, "")]
)
def test_against_diffusers(config: UNetConfig, naming: Naming, prefix: str, tmp_path: Path) -> None:
    theirs = reference(config)
    path = saved(theirs, config, tmp_path / "net.safetensors", naming, prefix)
    found = read_control(path)
    assert found.kind is ControlKind.WHOLE and found.config is not None
    assert replace(found.config.unet, heads=config.heads) == config
    ours = ControlNetModel(ControlNetConfig(config)).eval()
    loaded = load_control(path, torch.float32, "cpu")
    ours.load_state_dict(loaded.state_dict())
    made = torch.Generator().manual_seed(2)
    x = torch.randn(2, 4, 8, 16, generator=made)
    hint = torch.rand(2, 3, 64, 128, generator=made)
    text = torch.randn(2, 7, config.context_width, generator=made)
    y = None if config.label_width is None else torch.randn(2, config.label_width, generator=made)
    t = torch.tensor([900.0, 33.0])
    with torch.no_grad():
        found_residuals = ours(x, t, text, y, hint)
        down, middle = theirs(x, t, text, hint, class_labels=y, return_dict=False)
    assert len(found_residuals.down_residuals) == len(down)
    for one, two in zip(found_residuals.down_residuals, down, strict=True):
        assert relative_l2(one, two) < 1e-5
    assert found_residuals.mid_residual is not None
    assert relative_l2(found_residuals.mid_residual, middle) < 1e-5


def trained(path: Path, seed: int = 3) -> Path:
    """A control net for the embedded model that does something."""
    unet = Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model)
    config = ControlNetConfig(unet.config, hint=(8, 16, 16, 32))
    net = copied_from(unet, config)
    made = torch.Generator().manual_seed(seed)
    for parameter in net.parameters():
        if not parameter.any():
            parameter.data = 0.1 * torch.randn(parameter.shape, generator=made)
    save_file({n: p.contiguous() for n, p in net.state_dict().items()}, path)
    return path


def recipe(path: Path) -> ControlRecipe:
    return ControlRecipe(WeightsFile(str(path), content_digest(path)))


def sampled(positive: Any, negative: Any, cfg: float = 4.0) -> Tensor:
    from nodeflow.diffusion.latent import Latent

    context, model, _, _ = parts()
    latent = Latent(torch.zeros(1, 4, 8, 8))
    made: Latent = call("KSampler", model, positive, negative, latent, context, 7, 3, cfg)
    return made.samples


def test_a_copy_of_the_model_that_was_not_trained_changes_nothing(tmp_path: Path) -> None:
    _, _, positive, negative = parts()
    unet = Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model)
    net = copied_from(unet, ControlNetConfig(unet.config, hint=(8, 16, 16, 32)))
    path = tmp_path / "zero.safetensors"
    save_file({n: p.contiguous() for n, p in net.state_dict().items()}, path)
    picture = torch.rand(1, 64, 64, 3)
    steered = call("ControlNetApplyAdvanced", positive, negative, recipe(path), picture)
    assert torch.equal(sampled(*steered), sampled(positive, negative))


def test_strength_time_and_chains(tmp_path: Path) -> None:
    _, _, positive, negative = parts()
    net, picture = recipe(trained(tmp_path / "net.safetensors")), torch.rand(1, 80, 64, 3)

    def at(*settings: float) -> Tensor:
        return sampled(
            *call("ControlNetApplyAdvanced", positive, negative, net, picture, *settings)
        )

    plain, full = sampled(positive, negative), at(1.0)
    assert torch.equal(at(0.0), plain) and not torch.allclose(full, plain, atol=1e-3)
    assert torch.equal(at(1.0, 1.0, 1.0), plain)
    early, late = at(1.0, 0.0, 0.5), at(1.0, 0.5, 1.0)
    assert not torch.allclose(early, full, atol=1e-4)
    assert not torch.allclose(early, late, atol=1e-4)
    half = call("ControlNetApplyAdvanced", positive, negative, net, picture, 0.5)
    twice = call("ControlNetApplyAdvanced", *half, net, picture, 0.5)
    assert torch.allclose(sampled(*twice), full, atol=1e-4)


def test_the_older_node_steers_the_negative_side_too(tmp_path: Path) -> None:
    _, _, positive, negative = parts()
    net, picture = recipe(trained(tmp_path / "net.safetensors")), torch.rand(1, 64, 64, 3)
    both = call("ControlNetApplyAdvanced", positive, negative, net, picture, 0.8)
    older = call("ControlNetApply", positive, net, picture, 0.8)
    assert torch.equal(sampled(older, negative), sampled(*both))
    assert not torch.allclose(sampled(both[0], negative), sampled(*both), atol=1e-4)


def test_each_picture_of_a_batch_steers_its_own(tmp_path: Path) -> None:
    from nodeflow.diffusion.latent import Latent

    context, model, positive, negative = parts()
    net, pictures = recipe(trained(tmp_path / "net.safetensors")), torch.rand(2, 64, 64, 3)
    steered = call("ControlNetApplyAdvanced", positive, negative, net, pictures)
    both = call(
        "KSampler", model, *steered, Latent(torch.zeros(2, 4, 8, 8)), context, 7, 3, 4.0
    ).samples  # fmt: skip
    alone = call("ControlNetApplyAdvanced", positive, negative, net, pictures[:1])
    assert torch.allclose(both[:1], sampled(*alone), atol=1e-4)
    assert not torch.allclose(both[1:], both[:1], atol=1e-2)


def test_a_difference_to_a_model(tmp_path: Path) -> None:
    _, model, positive, negative = parts()
    unet = Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model)
    net = load_control(trained(tmp_path / "trained.safetensors"), torch.float32, "cpu")
    base = dict(unet.named_parameters())
    made = torch.Generator().manual_seed(4)
    for parameter in net.parameters():
        parameter.data = parameter.data + 0.01 * torch.randn(parameter.shape, generator=made)
    whole = tmp_path / "net.safetensors"
    save_file({n: p.data.contiguous() for n, p in net.named_parameters()}, whole)
    tensors = {n: (p - base[n] if n in base else p).contiguous() for n, p in
               net.named_parameters()}  # fmt: skip
    difference = tmp_path / "difference.safetensors"
    save_file({**tensors, "difference": torch.zeros(1)}, difference)
    assert read_control(difference).kind is ControlKind.DIFFERENCE
    picture = torch.rand(1, 64, 64, 3)
    wanted = call("ControlNetApplyAdvanced", positive, negative, recipe(whole), picture)
    based = replace(recipe(difference), base=model)
    found = call("ControlNetApplyAdvanced", positive, negative, based, picture)
    assert torch.allclose(sampled(*found), sampled(*wanted), atol=1e-3)


def test_a_control_lora_builds_on_the_model_that_samples(tmp_path: Path) -> None:
    unet = Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model)
    config = ControlNetConfig(unet.config, hint=(8, 16, 16, 32))
    names = own_names(config, Place("", Naming.LDM))
    made = torch.Generator().manual_seed(6)
    base, tensors, wanted = dict(unet.named_parameters()), {}, {}
    for ours, shape in {n: p.shape for n, p in ControlNetModel(config).named_parameters()}.items():
        if ours in base and len(shape) > 1:
            up = 0.1 * torch.randn(shape[0], 2, generator=made)
            down = 0.1 * torch.randn(2, *shape[1:], generator=made)
            stem = names[ours].removesuffix("weight")
            tensors |= {f"{stem}up": up, f"{stem}down": down}
            wanted[ours] = base[ours] + (up @ down.flatten(1)).reshape(shape)
        elif ours not in base:
            tensors[names[ours]] = wanted[ours] = 0.1 * torch.randn(shape, generator=made)
        else:
            wanted[ours] = base[ours]
    path = tmp_path / "lora.safetensors"
    save_file({**tensors, "lora_controlnet": torch.zeros(0)}, path)
    assert read_control(path).kind is ControlKind.LORA
    _, model, _, _ = parts()
    residency = Residency("cpu")
    found = residency.control(recipe(path), model)
    assert residency.control(recipe(path), model) is found
    other = replace(model, source=replace(model.source, fingerprint="another"))
    assert residency.control(recipe(path), other) is not found
    for name, parameter in found.named_parameters():
        assert torch.allclose(parameter, wanted[name], atol=1e-5), name
    with pytest.raises(CheckpointError, match="builds on a model"):
        load_control(path, torch.float32, "cpu")


def test_what_is_no_control_net_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="neither a control net"):
        read_control(EMBEDDED)
    path = trained(tmp_path / "net.safetensors")
    from safetensors.torch import load_file

    tensors = load_file(path)
    del tensors["controlnet_mid_block.weight"]
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match="controlnet_mid_block"):
        load_control(path, torch.float32, "cpu")
