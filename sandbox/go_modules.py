"""What the sandbox asks of Go: the toolchain, the pins in a go.mod, and a module's files."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sandbox.failure import SandboxError

NEEDED = (1, 26)


def environment() -> dict[str, str]:
    """Settings for every call of Go: no workspace, no C compiler, the committed go.sum as it is."""
    return os.environ | {"GOWORK": "off", "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}


@cache
def toolchain() -> tuple[Path, str]:
    """The Go command on PATH and its version such as `go1.26.8`; raises if there is none that is new enough."""
    fix = (
        f"install Go {NEEDED[0]}.{NEEDED[1]} or newer (https://go.dev/doc/install) or put the tools themselves on PATH"
    )
    found = shutil.which("go")
    if found is None:
        message = f"`go` is not on PATH, and the sandbox has to build its tools with it once: {fix}."
        raise SandboxError(message)
    run = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=environment())
    version = run.stdout.strip()
    match = re.match(r"go(\d+)\.(\d+)", version)
    if match is None or (int(match[1]), int(match[2])) < NEEDED:
        message = f"{found} is {version or 'no working Go'}, which is too old to build the sandbox's tools: {fix}."
        raise SandboxError(message)
    return Path(found), version


def pinned_version(folder: Path, module: str) -> str:
    """The version that `folder/go.mod` requires of a module, such as `v1.36.3`."""
    text = (folder / "go.mod").read_text(encoding="utf-8")
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(module)}\s+(v\S+)", text, re.MULTILINE)
    if match is None:
        message = f"{folder / 'go.mod'} does not require {module}: restore the file from version control."
        raise SandboxError(message)
    return match[1]


def module_folder(folder: Path, module: str) -> Path:
    """The files of a required module, downloaded by Go and checked against the go.sum in `folder`."""
    answer = go(folder, ["mod", "download", "-json", f"{module}@{pinned_version(folder, module)}"])
    fields: dict[str, str] = json.loads(answer)
    return Path(fields["Dir"])


def go(folder: Path, arguments: Sequence[str]) -> str:
    """What a Go command prints; raises with the last line of its errors."""
    command, _ = toolchain()
    run = subprocess.run(
        [command, *arguments], cwd=folder, capture_output=True, text=True, check=False, env=environment()
    )
    if run.returncode:
        lines = (run.stderr.strip() or run.stdout.strip() or "no message").splitlines()
        message = f"`go {' '.join(arguments)}` failed in {folder}: {lines[-1]}"
        raise SandboxError(message)
    return run.stdout
