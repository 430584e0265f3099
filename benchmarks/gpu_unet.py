"""UNet steps a second at SD1.5's width, 512 pixels, CFG pairs, ours against compiled diffusers.

`python benchmarks/gpu_unet.py [--device cuda] [--rounds 20]`: fp16 on a GPU, batch 1 and 8. On a
CPU (`--device cpu --side 16 --rounds 1 --eager`) it only shows that it runs.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from diffusers import UNet2DConditionModel as ReferenceUNet

from nodeflow.diffusion.unet.config import UNetConfig
from nodeflow.diffusion.unet.interventions import Interventions, TextKeys
from nodeflow.diffusion.unet.model import UNet2DConditionModel


def seconds(work: Callable[[], object], device: str, calls: int) -> float:
    """Seconds a call, the device's queue emptied before and after."""
    settle(device)
    began = time.perf_counter()
    for _ in range(calls):
        work()
    settle(device)
    return (time.perf_counter() - began) / calls


def settle(device: str) -> None:
    """Wait for all that a device was told to do."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def main() -> None:
    """Print a line for each batch size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=20, help="of ten calls each, taken in turn")
    parser.add_argument("--side", type=int, default=64, help="of the latent, 64 for 512 pixels")
    parser.add_argument("--eager", action="store_true", help="diffusers without torch.compile")
    given = parser.parse_args()
    device, calls = given.device, 10 if given.device.startswith("cuda") else 1
    if device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("there is no CUDA device; --device cpu shows that the script runs")
    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    torch.manual_seed(0)
    reference = ReferenceUNet(cross_attention_dim=768, attention_head_dim=8).eval()
    ours = UNet2DConditionModel(UNetConfig()).eval()
    ours.load_state_dict(reference.state_dict(), assign=True)
    ours, reference = ours.to(device, dtype), reference.to(device, dtype)
    theirs = reference if given.eager else torch.compile(reference, mode="max-autotune")
    for batch in (1, 8):
        x = torch.randn(2 * batch, 4, given.side, given.side, device=device, dtype=dtype)
        times = torch.full((2 * batch,), 9.0, device=device)
        context = torch.randn(2 * batch, 77, 768, device=device, dtype=dtype)
        text = Interventions(text=TextKeys())
        works: list[Callable[[], object]] = [
            lambda a=(x, times, context, None, text): ours(*a),  # type: ignore[misc]
            lambda a=(x, times, context): theirs(*a),  # type: ignore[misc]
        ]
        with torch.no_grad():
            for work in works:
                seconds(work, device, 1)
            taken = [[seconds(work, device, calls) for work in works] for _ in range(given.rounds)]
        own, other = (statistics.median(column) for column in zip(*taken, strict=True))
        print(
            f"batch {batch}, {8 * given.side} px on {device}: ours {1 / own:.2f} steps/s, "
            f"diffusers {1 / other:.2f} steps/s, {other / own:.3f} x"
        )


if __name__ == "__main__":
    main()
