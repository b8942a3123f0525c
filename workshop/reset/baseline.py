"""The demos' settings that a workshop changes, and what they were before it: what is committed, else the defaults."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter
from typing_extensions import override

from model.hiding import SECRET
from model.names import PROJECT

KEPT = ("enabled", "host", "owner")
"""Settings of a demo that say what the stack has, and not what the workshop shows: they stay."""
TYPES: Mapping[type, str] = {str: "string", bool: "bool", int: "int", float: "float"}
_MAPPING = TypeAdapter(dict[str, object])

Path_ = tuple[str, ...]
"""A setting below `demos`, such as `("booksapp", "faultPercent")`."""


class _Encrypted(str):
    """An encrypted value, which nobody needs to see."""

    __slots__ = ()

    @override
    def __str__(self) -> str:
        """Return what stands in its place."""
        return SECRET


@dataclass(frozen=True)
class Change:
    """One setting that goes back."""

    path: Path_
    now: object
    """None if it is not set."""
    before: object
    """None if it was not set: then the default holds."""

    @property
    def key(self) -> str:
        """The setting's key, as in docs/settings.md."""
        return ".".join(("demos", *self.path))

    @property
    def arguments(self) -> list[str]:
        """What `pulumi` has to be told."""
        key = f"{PROJECT}:{self.key}"
        if self.before is None:
            return ["config", "rm", "--path", key]
        kind, text = TYPES.get(type(self.before), "string"), str(self.before)
        return ["config", "set", "--path", "--type", kind, key, text.lower() if kind == "bool" else text]


def changes(stack_file: Path) -> list[Change]:
    """Return which settings of the demos are not what the repository's last commit says, or their default."""
    now = dict(_leaves(_demos(stack_file.read_text(encoding="utf-8"))))
    before = dict(_leaves(_demos(_committed(stack_file))))
    return [
        Change(path, now.get(path), before.get(path))
        for path in sorted({*now, *before})
        if now.get(path) != before.get(path)
        # What was committed encrypted could not be set without its passphrase.
        and not isinstance(before.get(path), _Encrypted)
        and path[1:] not in {(name,) for name in KEPT}
    ]


def _committed(stack_file: Path) -> str:
    """Return the file as it was last committed; empty if it never was."""
    command = ["git", "show", f"HEAD:./{stack_file.name}"]
    done = subprocess.run(command, cwd=stack_file.resolve().parent, capture_output=True, text=True, check=False)  # noqa: S603  no shell
    return done.stdout if done.returncode == 0 else ""


def _demos(text: str) -> Mapping[str, object]:
    try:
        config = _MAPPING.validate_python(_MAPPING.validate_python(yaml.safe_load(text) or {}).get("config") or {})
        found = config.get(f"{PROJECT}:demos")
        return _MAPPING.validate_json(found) if isinstance(found, str) else _MAPPING.validate_python(found or {})
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError):
        return {}


def _leaves(settings: Mapping[str, object], *path: str) -> Iterator[tuple[Path_, object]]:
    for name, value in settings.items():
        if isinstance(value, dict) and "secure" in value:
            yield (*path, name), _Encrypted("encrypted")
        elif isinstance(value, dict):
            yield from _leaves(_MAPPING.validate_python(value), *path, name)
        else:
            yield (*path, name), value
