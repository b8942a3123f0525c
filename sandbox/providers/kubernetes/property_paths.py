"""Pulumi's property paths, such as `spec.rules[0].backendRefs` or `metadata.annotations["a.b/c"]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.manifests import Path, Step

_STEP = re.compile(r'\[(?P<index>\d+)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<any>\*)\]|(?P<name>[^.\[\]"]+)')


def parsed(path: str) -> Path:
    """Split a property path into keys and indexes; `*` stays a key."""
    return tuple(_step(match) for match in _STEP.finditer(path))


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    if match["quoted"] is not None:
        return match["quoted"].replace('\\"', '"')
    return match["any"] or match["name"]


def written(path: Path) -> str:
    """Join keys and indexes into a property path."""
    result = ""
    for step in path:
        if isinstance(step, int):
            result += f"[{step}]"
        elif any(character in step for character in '."[]'):
            escaped = step.replace('"', '\\"')
            result += f'["{escaped}"]'
        else:
            result += f".{step}" if result else step
    return result


def covers(pattern: Path, path: Path) -> bool:
    """Tell whether the path is the pattern's or lies below it; `*` in the pattern stands for any step."""
    if len(pattern) > len(path):
        return False
    return all(mine in ("*", theirs) for mine, theirs in zip(pattern, path, strict=False))
