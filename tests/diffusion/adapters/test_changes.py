"""Every kind of adapter against peft's merged weights, or the published formula in float64."""

from pathlib import Path

import peft
import pytest
import torch
from torch import Tensor, nn

from nodeflow.diffusion.adapters.change import Change, changed
from nodeflow.diffusion.adapters.entries import IncompleteEntry, change_of
from nodeflow.diffusion.adapters.grouping import group, split

WIDTH = 320


class Toy(nn.Module):
    """One linear layer and one convolution of the sizes that SD1's first level has."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(768, WIDTH)
        self.conv = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)


def relative(a: Tensor, b: Tensor) -> float:
    """Relative L2 distance."""
    return float((a.double() - b.double()).norm() / b.double().norm())


def noisy(model: nn.Module, seed: int = 1) -> None:
    """Give every trainable number of an adapter a value that is not its initial one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.requires_grad and "magnitude" not in name:
                value.normal_(0.0, 0.3, generator=generator)
            elif value.requires_grad:
                value.mul_(1 + 0.1 * torch.rand(value.shape, generator=generator))


def peft_entry(model: nn.Module, layer: str) -> dict[str, Tensor]:
    """The trained tensors of a layer, names from the adapter's own on."""
    marker = f"{layer}."
    return {
        name.split(marker, 1)[1].replace(".default", ""): value.detach().clone()
        for name, value in model.named_parameters()
        if value.requires_grad and marker in name
    }


def ours(tensors: dict[str, Tensor], alpha: float | None) -> Change:
    """The change that our reader makes of tensors `suffix -> value`."""
    named = {f"stem.{name}": value for name, value in tensors.items()}
    if alpha is not None:
        named["stem.alpha"] = torch.tensor(alpha)
    grouped = group(named)
    assert grouped.unknown == () and list(grouped.stems) == ["stem"]
    return change_of("stem", grouped.stems["stem"], named.__getitem__)["weight"]


CONFIGS = {
    "lora": lambda: peft.LoraConfig(r=8, lora_alpha=4, target_modules=["linear", "conv"]),
    "dora": lambda: peft.LoraConfig(
        r=8, lora_alpha=4, use_dora=True, target_modules=["linear", "conv"]
    ),
    "loha": lambda: peft.LoHaConfig(
        r=6, alpha=3, use_effective_conv2d=False, target_modules=["linear", "conv"]
    ),
    "loha tucker": lambda: peft.LoHaConfig(
        r=6, alpha=3, use_effective_conv2d=True, target_modules=["conv"]
    ),
    "lokr": lambda: peft.LoKrConfig(
        r=4, alpha=2, decompose_both=True, target_modules=["linear", "conv"]
    ),
    "lokr tucker": lambda: peft.LoKrConfig(
        r=4, alpha=2, use_effective_conv2d=True, target_modules=["conv"]
    ),
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_merged_weights_are_those_of_peft(kind: str) -> None:
    torch.manual_seed(0)
    base = Toy()
    before = {name: value.clone() for name, value in base.state_dict().items()}
    config = CONFIGS[kind]()
    model = peft.get_peft_model(base, config)
    noisy(model)
    alpha = float(config.lora_alpha if "lora" in kind or "dora" in kind else config.alpha)
    entries = {layer: peft_entry(model, layer) for layer in config.target_modules}
    merged = model.merge_and_unload().state_dict()
    for layer, tensors in entries.items():
        name = f"{layer}.weight"
        result = changed(before[name], ours(tensors, alpha), 1.0)
        assert relative(before[name], merged[name]) > 1e-3
        assert relative(result, merged[name]) <= 1e-5


def test_kohyas_convolution_in_three_parts() -> None:
    generator = torch.Generator().manual_seed(2)
    up = torch.randn(WIDTH, 4, 1, 1, generator=generator)
    mid = torch.randn(4, 4, 3, 3, generator=generator)
    down = torch.randn(4, 64, 1, 1, generator=generator)
    x = torch.randn(1, 64, 9, 9, generator=generator).double()
    chain = nn.functional.conv2d(x, down.double())
    chain = nn.functional.conv2d(chain, mid.double(), padding=1)
    wanted = nn.functional.conv2d(chain, up.double()) * (2 / 4)
    tensors = {"lora_up.weight": up, "lora_mid.weight": mid, "lora_down.weight": down}
    delta = ours(tensors, 2.0).delta(torch.zeros(WIDTH, 64, 3, 3))
    assert relative(nn.functional.conv2d(x, delta.double(), padding=1), wanted) <= 1e-5


@pytest.mark.parametrize("constraint", [0.0, 0.01])
def test_rotations_keep_lengths_and_follow_cayley(constraint: float) -> None:
    generator = torch.Generator().manual_seed(3)
    blocks = torch.randn(WIDTH // 16, 16, 16, generator=generator) * 0.2
    weight = torch.randn(WIDTH, 768, generator=generator)
    skew = (blocks - blocks.transpose(1, 2)).double()
    if constraint:
        skew = skew * min(1.0, constraint * WIDTH / float(skew.norm()))
    eye = torch.eye(16, dtype=torch.float64)
    turns = (eye + skew) @ torch.linalg.inv(eye - skew)
    whole = torch.block_diag(*turns)
    result = changed(weight, ours({"oft_blocks": blocks}, constraint), 1.0)
    assert relative(result, whole.T @ weight.double()) <= 1e-5
    assert float(result.norm()) == pytest.approx(float(weight.norm()), rel=1e-5)


@pytest.mark.parametrize("shape", [(WIDTH, 1), (1, WIDTH)], ids=["of outputs", "of inputs"])
def test_magnitudes_of_a_square_weight(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(6)
    weight, magnitude = (torch.randn(s, generator=generator) for s in ((WIDTH, WIDTH), shape))
    up, down = torch.randn(WIDTH, 4, generator=generator), torch.randn(4, WIDTH)
    tensors = {"lora_up.weight": up, "lora_down.weight": down, "dora_scale": magnitude}
    moved = weight.double() + up.double() @ down.double()
    wanted = magnitude.double() * moved / moved.norm(dim=shape.index(1), keepdim=True)
    assert relative(changed(weight, ours(tensors, None), 1.0), wanted) <= 1e-5


def test_butterflies_are_orthogonal_and_of_one_factor_plain() -> None:
    generator = torch.Generator().manual_seed(4)
    blocks = torch.randn(3, 8, 8, 8, generator=generator) * 0.2
    weight = torch.randn(64, 48, generator=generator)
    result = changed(weight, ours({"oft_blocks": blocks}, None), 1.0)
    gram = result.double().T @ result.double()
    assert relative(gram, weight.double().T @ weight.double()) <= 1e-5
    one = changed(weight, ours({"oft_blocks": blocks[:1]}, None), 1.0)
    skew = (blocks[0] - blocks[0].transpose(1, 2)).double()
    eye = torch.eye(8, dtype=torch.float64)
    turn = torch.block_diag(*((eye + skew) @ torch.linalg.inv(eye - skew)))
    # One factor works on channels (0, 4, 1, 5, …): pairs at a distance of half a block.
    order = torch.arange(64).reshape(-1, 2, 4).transpose(1, 2).reshape(-1)
    wanted = torch.empty(64, 48, dtype=torch.float64)
    wanted[order] = turn @ weight.double()[order]
    assert relative(one, wanted) <= 1e-5


def test_whole_differences_and_biases() -> None:
    weight, bias = torch.zeros(4, 3), torch.zeros(4)
    named = {"n.diff": torch.ones(4, 3), "n.diff_b": torch.full((4,), 2.0)}
    changes = change_of("n", group(named).stems["n"], named.__getitem__)
    assert torch.equal(changed(weight, changes["weight"], 0.5), torch.full((4, 3), 0.5))
    assert torch.equal(changed(bias, changes["bias"], 0.5), torch.ones(4))
    norm = {"n.w_norm": torch.ones(4), "n.b_norm": torch.ones(4)}
    assert set(change_of("n", group(norm).stems["n"], norm.__getitem__)) == {"weight", "bias"}


def test_strength_is_linear_and_zero_is_the_base_itself() -> None:
    generator = torch.Generator().manual_seed(5)
    weight = torch.randn(32, 16, generator=generator)
    tensors = {
        "lora_up.weight": torch.randn(32, 4, generator=generator),
        "lora_down.weight": torch.randn(4, 16, generator=generator),
    }
    change = ours(tensors, 4.0)
    assert changed(weight, change, 0.0) is weight
    halves = changed(changed(weight, change, 0.5), change, 0.5)
    assert relative(halves, changed(weight, change, 1.0)) <= 1e-6
    back = changed(changed(weight, change, 1.0), change, -1.0)
    assert relative(back, weight) <= 1e-6


def test_names_of_every_trainer(tmp_path: Path) -> None:
    attention = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"
    for name, wanted in {
        f"unet.{attention}.to_q.lora_A.weight": (f"unet.{attention}.to_q", "down"),
        f"unet.{attention}.processor.to_q_lora.up.weight": (f"unet.{attention}.to_q", "up"),
        f"unet.{attention}.processor.to_out_lora.down.weight": (
            f"unet.{attention}.to_out.0", "down",
        ),
        f"unet.{attention}.to_k.lora.up.weight": (f"unet.{attention}.to_k", "up"),
        "lora_te_text_model_encoder_layers_0_mlp_fc1.alpha": (
            "lora_te_text_model_encoder_layers_0_mlp_fc1", "alpha",
        ),
        "text_encoder.text_model.encoder.layers.3.self_attn.to_v_lora.up.weight": (
            "text_encoder.text_model.encoder.layers.3.self_attn.v_proj", "up",
        ),
        "text_encoder.text_model.encoder.layers.3.self_attn.q_proj.lora_linear_layer.up.weight": (
            "text_encoder.text_model.encoder.layers.3.self_attn.q_proj", "up",
        ),
        "x.lora_magnitude_vector": ("x", "magnitude"),
    }.items():  # fmt: skip
        assert split(name) == wanted
    assert split("lora_unet_something.weights") is None


def test_an_entry_with_a_part_missing_is_named() -> None:
    with pytest.raises(IncompleteEntry, match="'s' has no down"):
        change_of("s", {"up": "s.up"}, lambda name: torch.zeros(1))
    with pytest.raises(IncompleteEntry, match="only alpha"):
        change_of("s", {"alpha": "s.alpha"}, lambda name: torch.zeros(1))
