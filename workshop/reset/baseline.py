"""The demos' settings that a workshop changes, and their baseline: the last commit, else the defaults."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from model.hiding import SECRET
from model.names import PROJECT

KEPT = ("enabled", "host", "owner")
"""Settings of a demo that a reset keeps: they say what the stack has, and not what the workshop shows."""
TYPES: Mapping[type, str] = {str: "string", bool: "bool", int: "int", float: "float"}
_MAPPING = TypeAdapter(dict[str, object])

Path_ = tuple[str, ...]
"""A setting below `demos`, such as `("booksapp", "faultPercent")`."""


@dataclass(frozen=True)
class Change:
    """One setting that a reset changes back."""

    path: Path_
    now: object
    """None if it is not set."""
    before: object
    """None if it was not set, and the default applies."""

    @property
    def key(self) -> str:
        """The setting's key, as in docs/settings.md."""
        return ".".join(("demos", *self.path))

    @property
    def arguments(self) -> list[str]:
        """The arguments of `pulumi` that change it back."""
        key = f"{PROJECT}:{self.key}"
        if self.before is None:
            return ["config", "rm", "--path", key]
        kind, text = TYPES.get(type(self.before), "string"), str(self.before)
        return ["config", "set", "--path", "--type", kind, key, text.lower() if kind == "bool" else text]


def find_changes(stack_file: Path) -> list[Change]:
    """Return the demos' settings that differ from the repository's last commit, or from their defaults."""
    now = dict(_list_leaves(_read_demos(stack_file.read_text(encoding="utf-8"))))
    before = dict(_list_leaves(_read_demos(_read_committed(stack_file))))
    return [
        Change(path, now.get(path), before.get(path))
        for path in sorted({*now, *before})
        if now.get(path) != before.get(path)
        # A committed encrypted value cannot be set without its passphrase.
        and before.get(path) != SECRET
        and path[1:] not in {(name,) for name in KEPT}
    ]


def _read_committed(stack_file: Path) -> str:
    """Return the file as of the last commit; empty if it is not committed."""
    command = ["git", "show", f"HEAD:./{stack_file.name}"]
    done = subprocess.run(command, cwd=stack_file.resolve().parent, capture_output=True, text=True, check=False)  # noqa: S603  no shell
    return done.stdout if done.returncode == 0 else ""


def _read_demos(text: str) -> Mapping[str, object]:
    try:
        config = _MAPPING.validate_python(_MAPPING.validate_python(yaml.safe_load(text) or {}).get("config") or {})
        found = config.get(f"{PROJECT}:demos")
        return _MAPPING.validate_json(found) if isinstance(found, str) else _MAPPING.validate_python(found or {})
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError):
        return {}


def _list_leaves(settings: Mapping[str, object], *path: str) -> Iterator[tuple[Path_, object]]:
    """Yield every setting with its value, which is SECRET if it is encrypted."""
    for name, value in settings.items():
        if isinstance(value, dict) and "secure" in value:
            yield (*path, name), SECRET
        elif isinstance(value, dict):
            yield from _list_leaves(_MAPPING.validate_python(value), *path, name)
        else:
            yield (*path, name), value
