"""The device of a run, chosen without importing torch where the answer is the CPU."""

from nodeflow.graph.problem import Problem, ProblemCode, WorkflowError


def cuda_devices() -> int:
    """How many CUDA devices torch sees."""
    import torch

    return torch.cuda.device_count()


def has_nvidia_driver() -> bool:
    """Whether asking torch is worth its import."""
    from pathlib import Path

    return Path("/proc/driver/nvidia").exists() or Path("/dev/nvidiactl").exists()


def choose_device(wanted: str) -> str:
    """`auto` is the first CUDA device, else the CPU. Raises WorkflowError for others."""
    if wanted == "cpu":
        return "cpu"
    if wanted == "auto":
        return "cuda:0" if has_nvidia_driver() and cuda_devices() else "cpu"
    kind, _, index = wanted.partition(":")
    if kind == "cuda" and (not index or index.isdigit()):
        count = cuda_devices()
        if int(index or 0) < count:
            return f"cuda:{index or 0}"
        message = f"--device {wanted}: there are {count} CUDA devices here"
    else:
        message = f"--device {wanted} is not known"
    raise WorkflowError([Problem(ProblemCode.CALL, message, expected="auto | cpu | cuda | cuda:N")])
