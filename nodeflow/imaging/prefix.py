"""The check of a file name prefix before anything runs."""

from collections.abc import Iterable, Mapping

from nodeflow.imaging.files import PictureError, place_for
from nodeflow.node.folders import Folders
from nodeflow.node.spec import InputProblem


def sound_prefix(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The prefix must stay inside the output folder."""
    for name in ("filename_prefix", "prefix"):
        prefix = literals.get(name)
        if not isinstance(prefix, str):
            continue
        try:
            place_for(folders.output, prefix.replace("%", "_").replace(":", "_"))
        except PictureError as error:
            yield InputProblem(name, str(error), "a name, or folder/name")
