"""The check of a file name prefix before anything runs."""

from collections.abc import Iterable, Mapping

from nodeflow.imaging.files import PictureError, place_for
from nodeflow.node.folders import Folders
from nodeflow.node.spec import InputProblem


def sound_prefix(literals: Mapping[str, object], folders: Folders) -> Iterable[InputProblem]:
    """The prefix must stay inside the output folder."""
    prefix = literals.get("filename_prefix")
    if not isinstance(prefix, str):
        return
    try:
        place_for(folders.output, prefix.replace("%", "_").replace(":", "_"))
    except PictureError as error:
        yield InputProblem("filename_prefix", str(error), "a name, or folder/name")
