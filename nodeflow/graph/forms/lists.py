"""Which values are lists, and their items as far as they are known."""

from collections.abc import Callable, Mapping

from nodeflow.graph.document import Reference
from nodeflow.graph.forms.flat import FlatValue, ItemOf, Items, Source, Spread
from nodeflow.graph.forms.signature import Signature, is_list


class Lists:
    """Lists that a node gives have the length a run found, or one for as long as none has."""

    def __init__(
        self, lengths: Mapping[Source, int], signature: Callable[[str], Signature | None]
    ) -> None:
        self.lengths, self.signature = lengths, signature
        self.generic: set[Source] = set()
        self.guessed: dict[Source, None] = {}

    def source(self, reference: Reference) -> Source | None:
        """The output that gives a list, or None where it gives something else."""
        signature = self.signature(reference.node)
        output = signature.output(reference.output) if signature is not None else None
        if signature is None or output is None:
            return None
        source = (reference.node, output)
        return source if is_list(signature.outputs[output]) or source in self.generic else None

    def gives_list(self, value: FlatValue) -> bool:
        """Whether a value is a list of what its port takes one of."""
        if isinstance(value, Reference):
            return self.source(value) is not None
        return isinstance(value, Items)

    def items(self, value: FlatValue) -> tuple[FlatValue, ...]:
        """The items of a list; those of a list that a node gives are as many as the run found."""
        values = value.values if isinstance(value, Items) else (value,)
        found: list[FlatValue] = []
        for item in values:
            listed = item.source if isinstance(item, Spread) else item
            source = self.source(listed) if isinstance(listed, Reference) else None
            if source is None:
                found.append(item)
                continue
            count = self.lengths.get(source)
            if count is None:
                self.guessed[source] = None
                count = 1
            found.extend(ItemOf(Reference(*source), number) for number in range(count))
        return tuple(found)

    def spread(self, value: FlatValue) -> FlatValue:
        """A list for a port that takes it whole: lists inside it are spread out."""
        if not isinstance(value, Items):
            return value
        return Items(
            tuple(
                Spread(item) if isinstance(item, Reference) and self.gives_list(item) else item
                for item in value.values
            )
        )

    def note_generics(
        self, name: str, signature: Signature, inputs: Mapping[str, FlatValue]
    ) -> None:
        """A generic that was given a list gives a list."""
        lists = {
            signature.inputs.get(port) for port, value in inputs.items() if self.gives_list(value)
        }
        for output, kind in signature.outputs.items():
            if kind.startswith("$") and kind in lists:
                self.generic.add((name, output))
