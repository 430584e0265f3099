"""What a bypassed node passes on."""

from collections.abc import Mapping

from nodeflow.graph.document import Reference
from nodeflow.graph.forms.aliases import Alias, Gone
from nodeflow.graph.forms.flat import FlatValue
from nodeflow.graph.forms.signature import WIDGETS, Signature


def bypassed(name: str, signature: Signature | None, inputs: Mapping[str, FlatValue]) -> Alias:
    """Each output becomes the input of its type: the one in its own place if that fits, else the
    first that does; without one the link is gone (ComfyUI's rule). An input whose value is
    typed in counts only where it is linked."""
    nothing = Gone(f"'{name}' is bypassed and has no input of that type")
    if signature is None:
        return Alias({}, rest=Gone(f"'{name}' is bypassed and its type is not known"))
    slots = [
        (port, kind)
        for port, kind in signature.inputs.items()
        if kind not in WIDGETS or isinstance(inputs.get(port), Reference)
    ]
    outputs: dict[str, FlatValue | Gone] = {}
    for number, (output, kind) in enumerate(signature.outputs.items()):
        fitting = [port for port, other in slots if other == kind]
        if number < len(slots) and slots[number][1] == kind:
            fitting.insert(0, slots[number][0])
        if not fitting and kind in WIDGETS:
            fitting = [port for port, other in signature.inputs.items() if other == kind]
        outputs[output] = inputs.get(fitting[0], nothing) if fitting else nothing
    return Alias(outputs)
