"""CLIP's byte-pair encoding, run by the `tokenizers` library.

The vocabulary file is OpenAI CLIP's as open_clip ships it (MIT, notice beside it): a header
line, then merges in order; the first 48,894 of them are used (arXiv 2103.00020).
"""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Bpe

START = 49406
END = 49407
UNKNOWN_SAFE = "<|endoftext|>"
_VOCABULARY = Path(__file__).with_name("bpe_simple_vocab_16e6.txt.gz")
_MERGES = 49152 - 256 - 2
_PATTERN = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d"
    r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)


def byte_symbols() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in the order of CLIP's vocabulary."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]


def read_merges() -> list[tuple[str, str]]:
    """The merges in order of rank."""
    lines = gzip.decompress(_VOCABULARY.read_bytes()).decode("utf-8").split("\n")
    pairs = (line.split() for line in lines[1 : _MERGES + 1])
    return [(first, second) for first, second in pairs]


def build() -> "Bpe":
    """The tokenizer as the `tokenizers` library holds it."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    symbols, merges = byte_symbols(), read_merges()
    words = symbols + [s + "</w>" for s in symbols] + ["".join(pair) for pair in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=merges,
            continuing_subword_prefix="",
            end_of_word_suffix="</w>",
            unk_token=UNKNOWN_SAFE,
            fuse_unk=False,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PATTERN), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


class Tokenizer(Protocol):
    """Anything that gives the ids of a text, without start and end tokens."""

    def encode(self, text: str, /) -> list[int]:
        """The ids."""


class ClipTokenizer:
    """Text to CLIP's token ids."""

    def __init__(self) -> None:
        self._tokenizer = build()

    def encode(self, text: str) -> list[int]:
        """Ids without start and end tokens; case and runs of white space do not matter."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: list[int]) -> str:
        """The text of ids, words separated by spaces."""
        words = [self._tokenizer.id_to_token(i) or "" for i in ids if i not in (START, END)]
        text: str = self._tokenizer.decoder.decode(words) if words else ""
        return text.replace("</w>", " ").strip()


@lru_cache(maxsize=1)
def load_tokenizer() -> ClipTokenizer:
    """The one CLIP tokenizer, built when first asked for (about 0.1 s)."""
    return ClipTokenizer()
