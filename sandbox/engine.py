"""Laying out what the Pulumi engine loads: its language host and its plugins, where it looks for them.

Executables on PATH would do, but the engine then prints a warning for each of them on every command.
"""

import filecmp
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox import paths
from sandbox.certificates import replacing
from sandbox.plugins import Choice, Plugin

LANGUAGE_HOST = "pulumi-language-python"


def write_script(path: Path, module: str, settled: str = "") -> None:
    """Write a shell script that runs a module of this checkout with the current Python, unless it exists already.

    The file is replaced in one step, because another engine may be running it. `settled` are commands that run first.
    """
    search = f"{shlex.quote(str(paths.PROJECT))}${{PYTHONPATH:+:$PYTHONPATH}}"
    command = f'PYTHONPATH={search} exec {shlex.quote(sys.executable)} -P -m {module} "$@"'
    content = f"#!/bin/sh\n{settled}{command}\n"
    if path.is_file() and not path.is_symlink() and path.read_text(encoding="utf-8") == content:
        return
    with replacing(path) as scratch:
        scratch.write_text(content, encoding="utf-8")
        scratch.chmod(0o755)


def lay_out_plugins(pulumi_home: Path, plugins: Sequence[Plugin]) -> None:
    """Fill the plugin folder of the sandbox's Pulumi home."""
    folder = pulumi_home / "plugins"
    wanted = {plugin.folder_name for plugin in plugins}
    for present in folder.glob("resource-*"):
        if present.name not in wanted:
            shutil.rmtree(present) if present.is_dir() else present.unlink()
    for plugin in plugins:
        target = folder / plugin.folder_name / plugin.file_name
        if plugin.executable is None:
            write_script(target, f"sandbox.providers.{plugin.package}")
        else:
            with replacing(target) as scratch:
                scratch.symlink_to(plugin.executable)


def keep_no_logs(pulumi_home: Path) -> None:
    """Put a file in the place of the engine's folder of logs, which no option switches off.

    In every run the engine writes an encrypted log that nobody reads here, which takes a fifth of a preview's time.
    """
    logs = pulumi_home / "logs"
    if logs.is_dir():
        shutil.rmtree(logs)
    logs.touch()


def lay_out_language_host(folder: Path, pulumi: Path, chosen: Choice) -> tuple[Path, bool]:
    """Return the engine's executable, and whether its own language host runs the program; if not, ours is beside it."""
    if chosen is not Choice.BUILT and (pulumi.resolve().parent / LANGUAGE_HOST).is_file():
        return pulumi, True
    write_script(folder / LANGUAGE_HOST, "sandbox.language_host")
    return copy_beside_host(folder / "pulumi", pulumi.resolve()), False


def copy_beside_host(path: Path, pulumi: Path) -> Path:
    """Return the engine as a file of the host's folder: it resolves links, so this is a hard link or else a copy."""
    if not path.is_file() or not filecmp.cmp(path, pulumi):
        with replacing(path) as scratch:
            try:
                scratch.hardlink_to(pulumi)
            except OSError:
                shutil.copy2(pulumi, scratch)
    return path
