"""What adapters see of pictures, and of nothing, against transformers' image encoder."""

from pathlib import Path

import pytest
import torch
import transformers
from torch import Tensor

from nodeflow.diffusion.ip_adapter.see import see
from nodeflow.diffusion.vision.config import VisionConfig
from nodeflow.diffusion.vision.encode import preprocess
from nodeflow.diffusion.vision.transformer import ClipVisionTransformer
from tests.diffusion.ip_adapter.published import full, plain, plus
from tests.diffusion.ip_adapter.test_parity import SMALL, saved, weights
from tests.diffusion.published import Shapes

EYES = VisionConfig(image=28, patch=14, width=64, layers=3, heads=1, inner=128, projection=24)


def encoders() -> tuple[ClipVisionTransformer, transformers.CLIPVisionModelWithProjection]:
    """Ours and transformers' with the same random weights."""
    torch.manual_seed(0)
    sizes = transformers.CLIPVisionConfig(
        hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=1,
        image_size=28, patch_size=14, projection_dim=24,
    )  # fmt: skip
    theirs = transformers.CLIPVisionModelWithProjection(sizes).eval()
    ours = ClipVisionTransformer(EYES).eval()
    state = {n: t for n, t in theirs.state_dict().items() if "position_ids" not in n}
    ours.load_state_dict(state)
    return ours, theirs


@pytest.mark.parametrize(
    "projection",
    [plain(24, 48), plus(64, 32, 48, depth=1, heads=1), full(64, 48)],
    ids=["plain", "plus", "full"],
)
def test_pictures_become_tokens_one_behind_the_other(projection: Shapes, tmp_path: Path) -> None:
    """The authors take the embedding, or all states before the last layer, the class's too."""
    ours, theirs = encoders()
    adapter = saved(weights(SMALL, projection), tmp_path / "a.safetensors")
    pictures = torch.rand(2, 28, 28, 3, generator=torch.Generator().manual_seed(1))

    def wanted(pixels: Tensor) -> Tensor:
        out = theirs(pixels, output_hidden_states=True)
        states = out.image_embeds if "image_proj.norm.weight" in projection else None
        made: Tensor = adapter.image_proj(out.hidden_states[-2] if states is None else states)
        return made.flatten(0, 1)[None]

    with torch.no_grad():
        seen = see(adapter, ours, pictures, None)
        assert torch.allclose(seen.positive, wanted(preprocess(pictures, 28)), atol=1e-5)
        if "image_proj.norm.weight" in projection:
            nothing = adapter.image_proj(torch.zeros(2, 24)).flatten(0, 1)[None]
        else:
            nothing = wanted(torch.zeros(2, 3, 28, 28))
        assert torch.allclose(seen.negative, nothing, atol=1e-5)
