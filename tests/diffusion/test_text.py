"""Prompts: weights, tokens, chunks, encoding."""

import pytest
import torch

from nodeflow.diffusion.recipe import FamilyName, Tower
from nodeflow.diffusion.text.chunks import chunk_tokens
from nodeflow.diffusion.text.config import TextConfig
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.text.encoders import TextEncoders
from nodeflow.diffusion.text.prompt import Piece, parse_weights
from nodeflow.diffusion.text.tokenizer import END, START, byte_symbols, load_tokenizer, read_merges
from nodeflow.diffusion.text.transformer import ClipTextTransformer


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("a red apple", [("a red apple", 1.0)]),
        ("a (red) apple", [("a ", 1.0), ("red", 1.1), (" apple", 1.0)]),
        ("((x))", [("x", 1.21)]),
        ("((x:1.5) y:0.5)", [("x", 1.5), (" y", 0.5)]),
        ("(a (b) c:1.3)", [("a ", 1.3), ("b", 1.43), (" c", 1.3)]),
        (r"\(lit\) [x]", [("(lit) [x]", 1.0)]),
        ("open (never", [("open (never", 1.0)]),
        ("a) b", [("a) b", 1.0)]),
        ("(a:b:1.2)", [("a:b", 1.2)]),
        ("(12:30)", [("12", 30.0)]),
        ("", []),
    ],
)
def test_weights(prompt: str, wanted: list[tuple[str, float]]) -> None:
    found = [(piece.text, round(piece.weight, 6)) for piece in parse_weights(prompt)]
    assert found == wanted


def test_deep_parentheses_need_no_recursion() -> None:
    (piece,) = parse_weights("(" * 5000 + "x:1.0)" + ")" * 4999)
    assert piece == Piece("x", 1.0)


def test_tokens_equal_transformers() -> None:
    from transformers import CLIPTokenizer

    symbols, merges = byte_symbols(), read_merges()
    words = [*symbols, *(s + "</w>" for s in symbols), *("".join(pair) for pair in merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    assert len(words) == 49408
    vocabulary = {word: index for index, word in enumerate(words)}
    reference = CLIPTokenizer(vocab=vocabulary, merges=merges)
    for text in (
        "a red apple on a blue background",
        "Hello,   World!! it's 2024 café Ünïcode 漢字 don't",
        "t-rex, x:1.2 @#$% 🐱 emoji\nnew\tline",
        "",
    ):
        wanted = [i for i in reference(text)["input_ids"] if i not in (START, END)]
        assert load_tokenizer().encode(text) == wanted
    assert load_tokenizer().decode([320, 736, 3055]) == "a red apple"


def test_chunks() -> None:
    tokenizer = load_tokenizer()
    (empty,) = chunk_tokens([], tokenizer, END)
    assert empty.ids == (START, *[END] * 76)
    long = chunk_tokens([Piece("apple " * 80, 1.2)], tokenizer, 0)
    assert [len(c.ids) for c in long] == [77, 77]
    assert long[0].ids[1:76] == (3055,) * 75 and long[0].ids[76] == END
    assert long[1].ids[6] == END and long[1].ids[7] == 0
    assert long[1].weights[:7] == (1.0, *[1.2] * 5, 1.0)


def test_short_words_are_not_split() -> None:
    tokenizer = load_tokenizer()
    word = "unbelievableness"
    count = len(tokenizer.encode(word))
    assert 1 < count < 8
    first, second = chunk_tokens([Piece("apple " * 74 + word, 1.0)], tokenizer, END)
    assert first.ids[75] == END and second.ids[1 : 1 + count] == tuple(tokenizer.encode(word))


def encoder() -> TextEncoders:
    torch.manual_seed(0)
    tower = ClipTextTransformer(TextConfig(width=32, layers=3, heads=2, inner=64)).eval()
    return TextEncoders(FamilyName.SD1, {Tower.L: tower})


def test_weighted_tokens_move_away_from_the_empty_prompt() -> None:
    text = encoder()
    (plain,) = encode_prompt(text, "a red apple")
    (weighted,) = encode_prompt(text, "a (red:1.5) apple")
    (empty,) = encode_prompt(text, "")
    wanted = plain.embedding.clone()
    wanted[:, 2] = (plain.embedding[:, 2] - empty.embedding[:, 2]) * 1.5 + empty.embedding[:, 2]
    assert torch.allclose(weighted.embedding, wanted, atol=1e-5)


def test_long_prompts_and_clip_skip() -> None:
    text = encoder()
    (long,) = encode_prompt(text, "apple " * 100)
    assert long.embedding.shape == (1, 154, 32)
    (skipped,) = encode_prompt(text, "a cat", stop_at_layer=-2)
    tokens = torch.tensor([chunk_tokens([Piece("a cat", 1.0)], load_tokenizer(), END)[0].ids])
    with torch.no_grad():
        tower = text.towers[Tower.L]
        state = tower(tokens, layer=-2, final_norm=False)
        wanted = tower.text_model.final_layer_norm(state)
    assert torch.allclose(skipped.embedding, wanted, atol=1e-6)
    assert not torch.allclose(skipped.embedding, encode_prompt(text, "a cat")[0].embedding)
