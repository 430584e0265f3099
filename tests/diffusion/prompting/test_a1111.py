"""A1111's language: the published examples of its parser, and what becomes of them in sampling."""

import pytest
import torch

from nodeflow.diffusion.conditioning import ConditioningEntry
from nodeflow.diffusion.guidance.regions import resolve
from nodeflow.diffusion.prompting.a1111 import chunks_of, emphasised, encode_a1111
from nodeflow.diffusion.prompting.emphasis import parse_emphasis
from nodeflow.diffusion.prompting.encode import encode_prompt_a1111
from nodeflow.diffusion.prompting.schedule import alternatives, stretches
from nodeflow.diffusion.schedule.discrete import stable_diffusion
from nodeflow.diffusion.text.encode import encode_prompt
from nodeflow.diffusion.text.tokenizer import END, START, load_tokenizer
from tests.diffusion.test_guiders import guided
from tests.diffusion.test_text import encoder


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
        ("[less]", [("less", 1 / 1.1)]),
        ("((x:1.5) y)", [("x", 1.65), (" y", 1.1)]),
        ("a:b", [("a:b", 1.0)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [("a ", 1.0), ("house", 1.573), (" ", 1.1), ("on", 1.0), (" a ", 1.1),
             ("hill", 0.55), (", sun, ", 1.1), ("sky", 1.4641), (".", 1.1)],
        ),
    ],
)  # fmt: skip
def test_emphasis(prompt: str, wanted: list[tuple[str, float]]) -> None:
    (found,) = parse_emphasis(prompt)
    assert [p.text for p in found] == [text for text, _ in wanted]
    assert [p.weight for p in found] == pytest.approx([weight for _, weight in wanted])


def test_break_sets_parts_apart() -> None:
    found = parse_emphasis("a BREAK (b BREAK c) BREAKFAST")
    assert [[p.text for p in part] for part in found] == [["a"], ["b"], ["c", " BREAKFAST"]]


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("test", [(10, "test")]),
        ("a [b:3]", [(3, "a "), (10, "a b")]),
        ("a [b: 3]", [(3, "a "), (10, "a b")]),
        ("a [[[b]]:2]", [(2, "a "), (10, "a [[b]]")]),
        ("[(a:2):3]", [(3, ""), (10, "(a:2)")]),
        ("a [b : c : 1] d", [(1, "a b  d"), (10, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("a [unbalanced", [(10, "a [unbalanced")]),
        ("a [b:.5] c", [(5, "a  c"), (10, "a b c")]),
        ("a [b::4]", [(4, "a b"), (10, "a ")]),
        ("a [b:c:0.55]", [(5, "a b"), (10, "a c")]),
        ("a [b:c:99]", [(10, "a b")]),
        ("a [b:c:0]", [(10, "a c")]),
        ("a [b:c:1.0]", [(10, "a b")]),
        ("a [{b|d{:.5] c", [(10, "a [{b|d{:.5] c")]),
        ("((a][:b:c [d:3]", [(3, "((a][:b:c "), (10, "((a][:b:c d")]),
        (r"a \[b:c:3\]", [(10, r"a \[b:c:3\]")]),
    ],
)
def test_schedules(prompt: str, wanted: list[tuple[int, str]]) -> None:
    assert [(s.end, s.text) for s in stretches(prompt, 10)] == wanted


def test_alternation() -> None:
    found = [(s.end, s.text) for s in stretches("[a|(b:1.1)]", 4)]
    assert found == [(1, "a"), (2, "(b:1.1)"), (3, "a"), (4, "(b:1.1)")]
    assert [s.text for s in stretches("[fe|]male", 3)] == ["female", "male", "female"]


def test_deep_brackets_neither_recurse_too_far_nor_take_long() -> None:
    for prompt in ("(" * 4000 + "x" + ")" * 4000, "[" * 4000, "[a:" * 3000 + "]" * 3000):
        assert stretches(prompt, 5)[-1].text == prompt


def test_and() -> None:
    assert alternatives("a cat AND a dog :1.5 AND SAND") == [
        ("a cat", 1.0), (" a dog", 1.5), (" SAND", 1.0),
    ]  # fmt: skip
    assert alternatives("(a:1.2) b") == [("(a:1.2) b", 1.0)]


def value(text: str) -> ConditioningEntry:
    """An embedding full of the number that the text says."""
    return ConditioningEntry(torch.full((1, 77, 8), float(text)))


def test_and_is_a_weighted_sum_of_directions() -> None:
    """A1111: unconditional + cfg * sum of w (each - unconditional)."""
    from nodeflow.diffusion.sampling.trajectory import Prompts

    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    positive = encode_a1111("3 AND 2:0.5", 20, value)
    found, _ = guided(Prompts(positive, (value("1"),), 4.0), x)
    a, b, n = 9 * x.roll(1, 3), 4 * x.roll(1, 3), x.roll(1, 3)
    assert torch.allclose(found, n + 4.0 * ((a - n) + 0.5 * (b - n)), atol=1e-4)
    with pytest.raises(ValueError, match="sum to 0"):
        encode_a1111("3 AND 2:-1", 20, value)


def test_a_schedule_counts_steps_as_a1111_does() -> None:
    shape, schedule = (1, 4, 8, 8), stable_diffusion()
    regions, _ = resolve(encode_a1111("[3:2:0.5]", 10, value), (), shape, schedule)
    active = [[r.active(1.0, step) for r in regions] for step in range(12)]
    assert active == [[True, False]] * 6 + [[False, True]] * 6
    turns, _ = resolve(encode_a1111("[3|2]", 4, value), (), shape, schedule)
    assert [[r.active(1.0, s) for r in turns].index(True) for s in range(6)] == [0, 0, 1, 0, 1, 1]
    (plain,) = encode_a1111("3", 10, value)
    assert plain.steps is None and plain.guidance == 1.0


def test_chunks_go_back_to_a_comma() -> None:
    tokenizer = load_tokenizer()
    comma = tokenizer.encode(",")[0]
    first, second = chunks_of("apple " * 60 + "," + " apple" * 20, tokenizer)
    assert first.ids[61] == comma and first.ids[62] == END and second.ids[1:21] == (3055,) * 20
    first, second = chunks_of("apple " * 30 + "," + " apple" * 60, tokenizer)
    assert first.ids[75] == 3055 and second.ids[1 + 91 - 75] == END
    assert len(chunks_of("a BREAK b", tokenizer)) == 2
    (empty,) = chunks_of("", tokenizer)
    assert empty.ids == (START, *[END] * 76)


def test_emphasis_keeps_the_mean() -> None:
    states, weights = torch.rand(2, 77, 8), torch.ones(2, 77)
    weights[0, 3] = 1.5
    found = emphasised(states, weights)
    assert torch.allclose(found.mean((1, 2)), states.mean((1, 2)), atol=1e-6)
    assert torch.allclose(found[1], states[1])
    ratio = found[0, 3] / states[0, 3] / (found[0, 4] / states[0, 4])
    assert torch.allclose(ratio, torch.full((8,), 1.5), atol=1e-4)


def test_without_its_signs_the_language_is_the_plain_one() -> None:
    text = encoder()
    (found,) = encode_prompt_a1111(text, "a red apple", 20)
    (plain,) = encode_prompt(text, "a red apple")
    assert torch.equal(found.embedding, plain.embedding)
    assert found.pooled is not None and plain.pooled is not None
    assert torch.equal(found.pooled, plain.pooled)
    (weighted,) = encode_prompt_a1111(text, "a (red:1.5) apple", 20)
    assert not torch.allclose(weighted.embedding, plain.embedding, atol=1e-3)
