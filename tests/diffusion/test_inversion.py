"""Files of textual inversion in all their formats."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.diffusion.checkpoint.pickled import VARIABLE
from nodeflow.diffusion.checkpoint.problem import CheckpointError
from nodeflow.diffusion.prompting.encode import encode_prompt_a1111
from nodeflow.diffusion.recipe import Tower
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.text.inversion import InversionError, read_inversion
from nodeflow.diffusion.text.inversion_folders import Inversions, files_for
from nodeflow.diffusion.text.tokenizer import load_tokenizer
from tests.diffusion.test_text import encoder

V = torch.arange(12.0).reshape(2, 6)


@pytest.fixture(autouse=True)
def pickles_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `--allow-pickled`."""
    monkeypatch.setenv(VARIABLE, "allow")


def test_pickles_are_refused_unless_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(CheckpointError, match=r"'easynegative.pt' is a pickle.*--allow-pickled"):
        encode_prompt(encoder(), "embedding:easynegative", inversions=Inversions((folder,)))


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "styles").mkdir()
    vectors = torch.randn(2, 32, generator=torch.Generator().manual_seed(1))
    save_file({"emb_params": vectors}, tmp_path / "styles" / "Ink.safetensors")
    torch.save({"string_to_param": {"*": vectors[:1]}}, tmp_path / "easynegative.pt")
    save_file({"emb_params": vectors[:, :9].contiguous()}, tmp_path / "narrow.safetensors")
    return tmp_path


def test_vectors_stand_in_the_prompt(folder: Path) -> None:
    """Two known words' own vectors in a file give what the words give."""
    text = encoder()
    words = load_tokenizer().encode("red apple")
    table = text.towers[Tower.L].text_model.embeddings.token_embedding.weight.detach()
    save_file({"emb_params": table[words].clone()}, folder / "fruit.safetensors")
    inversions = Inversions((folder,))
    for prompt, plain in (
        ("a embedding:fruit tree", "a red apple tree"),
        ("a (embedding:fruit:1.3), tree", "a (red apple:1.3), tree"),
        ("a embedding:fruit.safetensors, tree", "a red apple, tree"),
    ):
        (found,) = encode_prompt(text, prompt, inversions=inversions)
        (wanted,) = encode_prompt(text, plain)
        assert torch.allclose(found.embedding, wanted.embedding, atol=1e-6), prompt
        assert torch.allclose(found.pooled, wanted.pooled, atol=1e-6), prompt  # type: ignore[arg-type]
    bare = Inversions((folder,), bare=True)
    (found,) = encode_prompt_a1111(text, "a [fruit:dog:2] tree", 4, inversions=bare)[:1]
    (wanted,) = encode_prompt_a1111(text, "a [red apple:dog:2] tree", 4)[:1]
    assert torch.allclose(found.embedding, wanted.embedding, atol=1e-6)


def test_unknown_and_unfit_names_stay_words_with_a_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text, inversions = encoder(), Inversions((folder,))
    (found,) = encode_prompt(text, "embedding:easynegativ", inversions=inversions)
    assert "nearest: easynegative" in caplog.text
    (plain,) = encode_prompt(text, "embedding :easynegativ")
    assert torch.allclose(found.embedding, plain.embedding)
    encode_prompt(text, "embedding:narrow", inversions=inversions)
    assert "9 wide, this text encoder takes 32" in caplog.text
    before = len(caplog.records)
    encode_prompt(text, "embedding:styles/ink, embedding:easynegative", inversions=inversions)
    assert len(caplog.records) == before


def test_only_files_in_the_folders_count(folder: Path, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    outside = tmp_path_factory.mktemp("outside") / "secret.pt"
    torch.save(V, outside)
    (folder / "linked.pt").symlink_to(outside)
    found = Inversions((folder,))
    assert found.file("linked") is None and found.file("../outside/secret") is None
    assert files_for([folder], ["an embedding:styles/ink house"]) == [
        folder / "styles/Ink.safetensors"
    ]
    assert files_for([folder], ["easynegative, (bad:1.2)"]) == [folder / "easynegative.pt"]
    assert files_for([folder], ["uneasynegative"]) == []
    assert len(files_for([folder], None)) == 3


def test_planning_needs_no_torch() -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from nodeflow.diffusion.text.inversion_folders import files_for;"
        "from nodeflow.diffusion.prompting.wildcards import WildcardFolders;"
        "files_for([Path('.')], ['a']); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
