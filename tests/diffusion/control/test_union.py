"""Union control nets against diffusers, in files, and told their kinds in sampling."""

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nodeflow.diffusion.checkpoint.layout import Naming, Place
from nodeflow.diffusion.checkpoint.open import open_checkpoint
from nodeflow.diffusion.control.config import ControlNetConfig
from nodeflow.diffusion.control.files import own_names, read_control
from nodeflow.diffusion.control.kinds import KINDS
from nodeflow.diffusion.control.load import load_control
from nodeflow.diffusion.control.union import UnionControlNetModel
from nodeflow.diffusion.recipe import ControlRecipe
from nodeflow.diffusion.residency import Residency
from nodeflow.diffusion.unet.config import UNetConfig
from tests.diffusion.closeness import relative_l2
from tests.diffusion.control.test_net import EMBEDDED, recipe, sampled, trained
from tests.diffusion.patches.embedded import parts
from tests.nodes.test_behaviour import call

SMALL = UNetConfig(
    block_out_channels=(32, 64), layers_per_block=1, transformer_depth=(0, 2), mid_depth=2,
    heads=(1, 2), context_width=16, linear_projection=True, label_width=24,
)  # fmt: skip
SDXL_TOP = UNetConfig(
    transformer_depth=(0, 1), mid_depth=1, heads=(5, 10), context_width=64,
    block_out_channels=(320, 640), layers_per_block=1, linear_projection=True, label_width=24,
)  # fmt: skip


def varied(net: nn.Module, seed: int = 1) -> Any:
    """Weights that are not 0 anywhere."""
    made = torch.Generator().manual_seed(seed)
    for parameter in net.parameters():
        if not parameter.any():
            parameter.data = 0.05 * torch.randn(parameter.shape, generator=made)
    return net.eval()


def reference(config: UNetConfig, types: int, layers: int) -> Any:
    """diffusers' network of these sizes."""
    width = config.block_out_channels[0]
    kinds = ["CrossAttnDownBlock2D" if d else "DownBlock2D" for d in config.transformer_depth]
    net = diffusers.ControlNetUnionModel(
        block_out_channels=config.block_out_channels,
        layers_per_block=config.layers_per_block,
        down_block_types=tuple(kinds),
        attention_head_dim=list(config.heads),
        cross_attention_dim=config.context_width,
        transformer_layers_per_block=[d or 1 for d in config.transformer_depth],
        use_linear_projection=config.linear_projection,
        class_embed_type="projection",
        projection_class_embeddings_input_dim=config.label_width,
        conditioning_embedding_out_channels=(16, 32, 96, 256),
        addition_time_embed_dim=256,
        num_control_type=types,
        num_trans_channel=width,
        num_proj_channel=width,
        num_trans_layer=layers,
    )
    return varied(net)


def saved(net: Any, config: ControlNetConfig, path: Path, naming: Naming) -> Path:
    """A file of diffusers' weights under a layout's names."""
    names = own_names(config, Place("", naming))
    save_file(
        {
            names[name.replace("class_embedding.", "add_embedding.")]: tensor.contiguous()
            for name, tensor in net.state_dict().items()
        },
        path,
    )
    return path


@pytest.mark.parametrize("naming", [Naming.DIFFUSERS, Naming.LDM])
@pytest.mark.parametrize(
    ("config", "count", "layers"),
    [(SMALL, 6, 2), (SDXL_TOP, 8, 1)],
    ids=["small", "published widths"],
)
def test_against_diffusers(
    config: UNetConfig, count: int, layers: int, naming: Naming, tmp_path: Path
) -> None:
    theirs = reference(config, count, layers)
    sizes = ControlNetConfig(config, types=count, type_layers=layers)
    path = saved(theirs, sizes, tmp_path / "net.safetensors", naming)
    found = read_control(path).config
    assert found is not None and (found.types, found.type_layers) == (count, layers)
    loaded = load_control(path, torch.float32, "cpu")
    ours = UnionControlNetModel(sizes).eval()
    ours.load_state_dict(loaded.state_dict())
    made = torch.Generator().manual_seed(2)
    x = torch.randn(2, 4, 8, 16, generator=made)
    hint = torch.rand(1, 3, 64, 128, generator=made).expand(2, -1, -1, -1)
    text = torch.randn(2, 7, config.context_width, generator=made)
    y = torch.randn(2, config.label_width or 0, generator=made)
    t = torch.tensor([900.0, 33.0])
    for types in ((3,), (count - 1,), (0, 2)):
        flags = torch.zeros(2, count)
        flags[:, list(types)] = 1
        with torch.no_grad():
            mine = ours(x, t, text, y, hint, types)
            down, middle = theirs(
                x, t, text, [hint] * len(types), flags, list(types), class_labels=y,
                return_dict=False,
            )  # fmt: skip
        assert mine.mid_residual is not None and len(mine.down_residuals) == len(down)
        for one, two in zip(mine.down_residuals, down, strict=True):
            assert relative_l2(one, two) < 1e-5
        assert relative_l2(mine.mid_residual, middle) < 1e-5


def test_pictures_of_a_batch_know_nothing_of_each_other() -> None:
    theirs = reference(SMALL, 6, 2)
    ours = UnionControlNetModel(ControlNetConfig(SMALL, types=6, type_layers=2)).eval()
    ours.load_state_dict(
        {n.replace("class_embedding.", "add_embedding."): p for n, p in theirs.state_dict().items()}
    )
    made = torch.Generator().manual_seed(2)
    x, text = torch.randn(2, 4, 8, 8, generator=made), torch.randn(2, 7, 16, generator=made)
    hint, y = torch.rand(2, 3, 64, 64, generator=made), torch.randn(2, 24, generator=made)
    t, flags = torch.tensor([900.0, 33.0]), torch.eye(6)[4:5]
    with torch.no_grad():
        both = ours(x, t, text, y, hint, (4,)).mid_residual
        for i in (slice(0, 1), slice(1, 2)):
            _, alone = theirs(
                x[i], t[i], text[i], [hint[i]], flags, [4], class_labels=y[i], return_dict=False
            )
            assert both is not None and relative_l2(both[i], alone) < 1e-5


def union(path: Path, types: int = 6) -> ControlRecipe:
    """A union control net for the embedded model that does something."""
    unet = Residency("cpu").unet(open_checkpoint(EMBEDDED, "print").model)
    config = ControlNetConfig(unet.config, hint=(8, 16, 16, 32), types=types)
    net = UnionControlNetModel(config)
    net.load_state_dict(unet.state_dict(), strict=False)
    made = torch.Generator().manual_seed(5)
    for name, parameter in net.named_parameters():
        if name not in unet.state_dict():
            parameter.data = 0.1 * torch.randn(parameter.shape, generator=made)
    save_file({n: p.contiguous() for n, p in net.state_dict().items()}, path)
    return recipe(path)


def test_kinds_at_work(tmp_path: Path) -> None:
    _, _, positive, negative = parts()
    net, picture = union(tmp_path / "net.safetensors"), torch.rand(1, 64, 64, 3)

    def of(kind: str) -> Tensor:
        told = call("SetUnionControlNetType", net, kind)
        return sampled(*call("ControlNetApplyAdvanced", positive, negative, told, picture))

    untold = sampled(*call("ControlNetApplyAdvanced", positive, negative, net, picture))
    assert torch.equal(of("auto"), untold)
    depth, pose = of("depth"), of("openpose")
    assert not torch.allclose(depth, untold, atol=1e-3)
    assert not torch.allclose(depth, pose, atol=1e-3)
    assert torch.equal(of("depth"), depth)


def test_kinds_that_a_file_does_not_know(tmp_path: Path) -> None:
    six = union(tmp_path / "six.safetensors")
    with pytest.raises(
        ValueError, match=r"'six\.safetensors' does not know 'tile'; it knows openp"
    ):
        call("SetUnionControlNetType", six, "tile")
    eight = union(tmp_path / "eight.safetensors", 8)
    assert [call("SetUnionControlNetType", eight, kind).types for kind in KINDS] == [
        (number,) for number in range(8)
    ]
    whole = recipe(trained(tmp_path / "whole.safetensors"))
    with pytest.raises(ValueError, match="no union control net"):
        call("SetUnionControlNetType", whole, "depth")
    assert call("SetUnionControlNetType", whole, "auto") == whole
