"""What fields are called: the titles of the flow's data contract, or the field's name in words."""

from collections.abc import Mapping
from typing import Any

from reviews.showing.texts import visible


def steps(pointer: str) -> list[str]:
    """Split a JSON pointer into its names."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def label(schema: Any, pointer: str) -> str:
    """Name the field a pointer into the snapshot leads to."""
    place, names = schema, steps(pointer)
    for name in names:
        place = _below(place, name)
    title = place.get("title") if isinstance(place, Mapping) else None
    return visible(title) if isinstance(title, str) and title else worded(names[-1] if names else "")


def worded(name: str) -> str:
    """Turn a name such as `flood_zone` into words."""
    words = visible(name).replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] or "(no name)"


def _below(schema: Any, name: str) -> Any:
    if not isinstance(schema, Mapping):
        return None
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and name in properties:
        return properties[name]
    return schema.get("items") if name.isdigit() else None
