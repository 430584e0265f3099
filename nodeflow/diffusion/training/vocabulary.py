"""The compact token table: only the ids that captions use, row 0 for all others."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.diffusion.text.tokenizer import END, START, load_tokenizer
from nodeflow.diffusion.training.emoji import Subject
from nodeflow.diffusion.training.scene import COLOURS, TEMPLATES, with_article

LENGTH = 77
SHORT = 20


@dataclass(frozen=True)
class Vocabulary:
    """`ids[row]` is the CLIP id of a row of the token table; row 0 stands for unknown words."""

    ids: tuple[int, ...]

    def rows(self, captions: Iterable[str], length: int) -> Tensor:
        """Rows of captions, int64 `[n, length]`: start, words, then the end token throughout."""
        row_of = {token: row for row, token in enumerate(self.ids)}
        encode = load_tokenizer().encode
        table = []
        for text in captions:
            words = encode(text)[: length - 2]
            tokens = [START, *words] + [END] * (length - 1 - len(words))
            table.append([row_of.get(token, 0) for token in tokens])
        return torch.tensor(table)


def vocabulary_of(subjects: Iterable[Subject]) -> Vocabulary:
    """Every token of every caption that `scene.caption` can make of these subjects."""
    encode = load_tokenizer().encode
    texts = [template.format(subject="", colour="", plain="", bare="") for template in TEMPLATES]
    texts += [with_article(colour) for colour in COLOURS]
    texts += [with_article(word) for subject in subjects for word in subject.words]
    tokens = {token for text in texts for token in encode(text)}
    return Vocabulary((-1, START, END, *sorted(tokens - {START, END})))
