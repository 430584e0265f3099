"""The codec of stored values."""

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from nodeflow.diffusion.conditioning import Area, ConditioningEntry
from nodeflow.diffusion.latent import Latent
from nodeflow.diffusion.recipe import ModelRecipe, Prediction, WeightsFile
from nodeflow.node import Artifacts, SavedFile
from nodeflow.values.structured import CodecError, decode, digest, encode, nbytes, tensors

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(plain)
def test_plain_values_come_back(value: object) -> None:
    assert decode(encode(value)) == value
    assert digest(value) == digest(decode(encode(value)))


def test_infinity_comes_back() -> None:
    assert decode(encode(math.inf)) == math.inf and math.isnan(decode(encode(math.nan)))


def test_the_values_of_ports_come_back() -> None:
    latent = Latent(torch.randn(2, 4, 8, 8), torch.ones(1, 1, 8, 8), (3, 1))
    back = decode(encode((latent,)))[0]
    assert torch.equal(back.samples, latent.samples) and back.batch_index == (3, 1)
    entry = ConditioningEntry(torch.randn(1, 77, 8), None, Area(1, 2, 3, 4), 0.5)
    (again,) = decode(encode((entry,)))
    assert again.area == entry.area and torch.equal(again.embedding, entry.embedding)
    recipe = ModelRecipe(WeightsFile("x", "y"), Prediction.V, 0.18215)
    assert decode(encode(recipe)) == recipe
    made = Artifacts((SavedFile("a.png", "output", "image/png", 3, "ff"),), ("line",))
    assert decode(encode(made)) == made
    half = torch.randn(3, 5).half()[:, ::2]
    assert torch.equal(decode(encode(half)), half)


def test_tensors_are_found_and_counted() -> None:
    latent = Latent(torch.zeros(1, 4, 8, 8), torch.zeros(1, 1, 8, 8))
    assert [t.numel() for t in tensors({"x": [latent, 5]})] == [256, 64]
    assert nbytes(latent) == 1280


def test_what_cannot_be_stored_is_named() -> None:
    with pytest.raises(CodecError, match="type set"):
        encode({1})
    with pytest.raises(CodecError, match="type object"):
        encode(object())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 200), st.integers(0, 255))
def test_damaged_bytes_are_refused_or_harmless(junk: bytes, at: int, byte: int) -> None:
    sound = bytearray(encode((Latent(torch.zeros(1, 4, 2, 2)), 5)))
    sound[at % len(sound)] = byte
    for data in (bytes(sound), junk, bytes(sound[:at])):
        try:
            decode(data)
        except CodecError:
            continue


def test_a_foreign_class_is_not_made() -> None:
    head = b'{"$class":"Popen","fields":{"args":"true"}}'
    with pytest.raises(CodecError):
        decode(len(head).to_bytes(8, "little") + head)


def test_stored_values_are_safetensors_files(tmp_path: Path) -> None:
    whole = torch.arange(6.0)
    value = ((whole, whole[2:]), {"text": "ein Apfel"})
    file = tmp_path / "value"
    file.write_bytes(encode(value))
    with safe_open(file, "pt") as opened:
        assert set(opened.keys()) == {"0", "1"} and list(opened.metadata()) == ["value"]
        assert torch.equal(opened.get_tensor("1"), whole[2:])
    back = decode(file.read_bytes())
    assert torch.equal(back[0][0], whole) and torch.equal(back[0][1], whole[2:])
    file.write_bytes(encode(("no tensors",)))
    with safe_open(file, "pt") as opened:
        assert list(opened.keys()) == []
    with pytest.raises(CodecError):
        decode(file.read_bytes()[:-9])
