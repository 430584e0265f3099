"""Files of textual inversion in all their formats."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.diffusion.text.inversion import InversionError, read_inversion

V = torch.arange(12.0).reshape(2, 6)


@pytest.mark.parametrize(
    "content",
    [
        {"string_to_param": {"*": V}, "name": "cat", "step": 5},
        {"string_to_token": {"*": 265}, "string_to_param": {"*": torch.nn.Parameter(V)}},
        {"emb_params": V},
        {"<cat>": V},
        V,
    ],
)
def test_pickles(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "cat.pt")
    assert torch.equal(read_inversion(tmp_path / "cat.pt")[""], V)


def test_safetensors(tmp_path: Path) -> None:
    save_file({"emb_params": V.half()}, tmp_path / "a.safetensors")
    assert torch.equal(read_inversion(tmp_path / "a.safetensors")[""], V)
    save_file({"clip_l": V, "clip_g": V[:, :4].contiguous()}, tmp_path / "b.safetensors")
    both = read_inversion(tmp_path / "b.safetensors")
    assert torch.equal(both["l"], V) and torch.equal(both["g"], V[:, :4])
    save_file({"<cat>": V[0].contiguous()}, tmp_path / "c.safetensors")
    assert read_inversion(tmp_path / "c.safetensors")[""].shape == (1, 6)


def test_what_is_no_inversion_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{")
    torch.save({"step": 5}, tmp_path / "none.pt")
    torch.save({"emb_params": V / 0}, tmp_path / "nan.pt")
    torch.save({"emb_params": Evil()}, tmp_path / "evil.pt")
    for name in ("text.pt", "cut.safetensors", "none.pt", "nan.pt", "evil.pt"):
        with pytest.raises(InversionError):
            read_inversion(tmp_path / name)
    assert not Path("pwned").exists()


class Evil:
    """Code in a pickle, which must not run."""

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return (Path.touch, (Path("pwned"),))
