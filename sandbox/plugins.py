"""Which plugins the engine uses: the published ones where they can be had, else those built from their modules."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from sandbox import paths, tools
from sandbox.builds import pinned_version
from sandbox.console import SandboxError, say

PACKAGES = ("kubernetes", "tls")
AWS = "aws"
"""Needed by stacks on EKS only: the others neither start it nor look for the published one."""
MODULES = {
    "kubernetes": ("pulumi-kubernetes", "github.com/pulumi/pulumi-kubernetes/provider/v4"),
    "tls": ("pulumi", "github.com/hashicorp/terraform-provider-tls"),
}
"""The folder of `sandbox/tools` and the module that each plugin is built from; no module of AWS' is served."""
INSTALL_SECONDS = 180
FORGET_SECONDS = 24 * 3600


class Choice(StrEnum):
    """The values of `PULUMI_PLUGINS`."""

    AUTO = "auto"
    PUBLISHED = "published"
    BUILT = "built"


@dataclass(frozen=True)
class Plugin:
    """A resource plugin, laid out under the version that the installed Python SDK asks for."""

    package: str
    version: str
    executable: Path | None
    """None is this project's provider of AWS, which speaks to the double on loopback."""
    source: str
    """The plugin's origin, for the line that every command prints."""
    from_module: bool = False

    @property
    def folder_name(self) -> str:
        """The name of the folder in which the engine looks for the plugin."""
        return f"resource-{self.package}-v{self.version}"

    @property
    def file_name(self) -> str:
        """The name of the executable."""
        return f"pulumi-resource-{self.package}"

    def __str__(self) -> str:
        return f"{self.package} {self.source}"


def choice() -> Choice:
    """Return the user's choice; raises if it is none of the three."""
    text = os.environ.get("PULUMI_PLUGINS") or Choice.AUTO.value
    try:
        return Choice(text)
    except ValueError:
        raise SandboxError(
            f"PULUMI_PLUGINS is {text!r}, but it takes auto, published or built (default: auto)."
        ) from None


def select(pulumi: Path, chosen: Choice, packages: Sequence[str] = PACKAGES) -> list[Plugin]:
    """Return the plugins to use, one for each package; what has to be built is built."""
    selected = {package: published(pulumi, package, chosen) for package in packages}
    missing = [package for package, plugin in selected.items() if plugin is None]
    programs = tools.find([f"pulumi-resource-{package}" for package in missing if package in MODULES])
    return [plugin or from_module(package, programs) for package, plugin in selected.items()]


def published(pulumi: Path, package: str, chosen: Choice) -> Plugin | None:
    """Return the published plugin of the SDK's version if it is installed or can be, and the choice allows it."""
    if chosen is Choice.BUILT:
        return None
    wanted = version(f"pulumi-{package}")
    plugin = Plugin(package, wanted, None, f"v{wanted}")
    executable = installed(plugin)
    refused = paths.cache() / "unavailable" / plugin.folder_name
    was_tried = refused.exists() and time.time() - refused.stat().st_mtime < FORGET_SECONDS
    if executable is None and (chosen is Choice.PUBLISHED or not was_tried):
        executable = install(pulumi, plugin, refused)
    if executable is None and chosen is Choice.PUBLISHED:
        raise SandboxError(
            f"PULUMI_PLUGINS=published, but the plugin {package} v{wanted} is not installed and "
            f"`pulumi plugin install resource {package} v{wanted}` failed: {refused.read_text(encoding='utf-8')}. "
            "Install it where Pulumi can download, or choose PULUMI_PLUGINS=auto."
        )
    return replace(plugin, executable=executable) if executable else None


def from_module(package: str, programs: dict[str, Path]) -> Plugin:
    """Return the plugin that was built from its pinned module, dated by the module's commit."""
    wanted = version(f"pulumi-{package}")
    if package not in MODULES:
        return Plugin(package, wanted, None, "double of AWS on loopback")
    folder, module = MODULES[package]
    committed = re.search(r"(\d{4})(\d{2})(\d{2})\d{6}-", pinned_version(paths.TOOL_MODULES / folder, module))
    dated = "-".join(committed.groups()) if committed else pinned_version(paths.TOOL_MODULES / folder, module)
    program = programs[f"pulumi-resource-{package}"]
    return Plugin(package, wanted, program, f"{dated} from its module", from_module=True)


def installed(plugin: Plugin) -> Path | None:
    """Return the published plugin on PATH, in the user's Pulumi home, or in the cache."""
    on_path = shutil.which(plugin.file_name)
    if on_path is not None:
        return Path(on_path)
    users = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    for pulumi_home in (users, paths.cache() / "pulumi"):
        folder = pulumi_home / "plugins" / plugin.folder_name
        if (folder / plugin.file_name).is_file() and not folder.with_suffix(".partial").exists():
            return folder / plugin.file_name
    return None


def install(pulumi: Path, plugin: Plugin, refused: Path) -> Path | None:
    """Let Pulumi download the plugin; a failure is remembered for a day, so that not every command tries again."""
    say(f"looking for the published plugin {plugin.package} v{plugin.version}")
    command = [pulumi, "plugin", "install", "resource", plugin.package, f"v{plugin.version}"]
    environment = os.environ | {"PULUMI_HOME": str(paths.cache() / "pulumi"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
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
        refused.write_text(lines[-1].rstrip(".") if lines else "no message", encoding="utf-8")
    return found
