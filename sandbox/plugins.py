"""Which plugins the engine uses: the real ones wherever they can be had, else the stand-ins of this project."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from sandbox import paths
from sandbox.console import say
from sandbox.failure import SandboxError

PACKAGES = ("kubernetes", "tls")
AWS = "aws"
"""Needed by stacks on EKS only: the others neither start it nor look for the real one."""
INSTALL_SECONDS = 180
FORGET_SECONDS = 24 * 3600


class Choice(StrEnum):
    """What `PULUMI_PLUGINS` takes."""

    AUTO = "auto"
    REAL = "real"
    STAND_IN = "stand-in"


@dataclass(frozen=True)
class Plugin:
    """A resource plugin in the version that the installed Python SDK asks for."""

    package: str
    version: str
    executable: Path | None
    """The real plugin; None means the stand-in."""

    @property
    def folder_name(self) -> str:
        """What the folder is called in which the engine looks for it."""
        return f"resource-{self.package}-v{self.version}"

    @property
    def file_name(self) -> str:
        """What the executable is called."""
        return f"pulumi-resource-{self.package}"

    def __str__(self) -> str:
        return f"{self.package} {f'v{self.version}' if self.executable else 'stand-in'}"


def choice() -> Choice:
    """The user's choice; raises if it is none of the three."""
    text = os.environ.get("PULUMI_PLUGINS") or Choice.AUTO.value
    try:
        return Choice(text)
    except ValueError:
        message = f"PULUMI_PLUGINS is {text!r}, but it takes auto, real or stand-in (default: auto)."
        raise SandboxError(message) from None


def select(pulumi: Path, chosen: Choice, packages: Sequence[str] = PACKAGES) -> list[Plugin]:
    """The plugins to use, one for each package."""
    return [select_one(pulumi, package, chosen) for package in packages]


def select_one(pulumi: Path, package: str, chosen: Choice) -> Plugin:
    """The real plugin if it is installed or can be; else the stand-in, unless the choice rules that out."""
    stand_in = Plugin(package, version(f"pulumi-{package}"), None)
    if chosen is Choice.STAND_IN:
        return stand_in
    executable = installed(stand_in)
    refused = paths.cache() / "unavailable" / stand_in.folder_name
    if executable is None and (chosen is Choice.REAL or not recent(refused)):
        executable = install(pulumi, stand_in, refused)
    if executable is None and chosen is Choice.REAL:
        message = (
            f"PULUMI_PLUGINS=real, but the plugin {package} v{stand_in.version} is not installed and "
            f"`pulumi plugin install resource {package} v{stand_in.version}` failed: {reason(refused)} "
            "Install it where Pulumi can download, or choose PULUMI_PLUGINS=auto."
        )
        raise SandboxError(message)
    return Plugin(package, stand_in.version, executable)


def installed(plugin: Plugin) -> Path | None:
    """The real plugin on PATH, in the user's Pulumi home, or in the cache."""
    on_path = shutil.which(plugin.file_name)
    if on_path is not None:
        return Path(on_path)
    users = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    for pulumi_home in (users, downloads()):
        folder = pulumi_home / "plugins" / plugin.folder_name
        if (folder / plugin.file_name).is_file() and not folder.with_suffix(".partial").exists():
            return folder / plugin.file_name
    return None


def downloads() -> Path:
    """The Pulumi home into which the sandbox downloads real plugins."""
    return paths.cache() / "pulumi"


def install(pulumi: Path, plugin: Plugin, refused: Path) -> Path | None:
    """Let Pulumi download the plugin; a failure is remembered for a day, so that not every command tries again."""
    say(f"looking for the real plugin {plugin.package} v{plugin.version}")
    command = [pulumi, "plugin", "install", "resource", plugin.package, f"v{plugin.version}"]
    environment = os.environ | {"PULUMI_HOME": str(downloads()), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False, env=environment
        )
        lines = (run.stderr or run.stdout).strip().splitlines()
    except subprocess.TimeoutExpired:
        lines = [f"no answer in {INSTALL_SECONDS} s"]
    found = installed(plugin)
    if found is None:
        refused.parent.mkdir(parents=True, exist_ok=True)
        refused.write_text(lines[-1] if lines else "no message", encoding="utf-8")
    return found


def recent(refused: Path) -> bool:
    """Whether a download failed less than a day ago."""
    return refused.exists() and time.time() - refused.stat().st_mtime < FORGET_SECONDS


def reason(refused: Path) -> str:
    """Why the last download failed, as a sentence."""
    text = refused.read_text(encoding="utf-8").strip() if refused.exists() else "no message"
    return text if text.endswith(".") else f"{text}."
