"""A Pulumi CLI that knows `pulumi config` alone, and answers from the stack files of its folder."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from pulumi.automation import CommandError, CommandResult, OnOutput, StackNotFoundError

from clients.pulumi_cli import Cli
from model.json_values import at, mapping
from model.stack_names import stack_file

Answer = tuple[int, str, str]
"""Exit status, standard output, standard error."""

SCRIPT = """
import json, sys, yaml
if "config" in sys.argv and "--json" in sys.argv:
    with open("Pulumi." + sys.argv[sys.argv.index("--stack") + 1] + ".yaml") as file:
        config = yaml.safe_load(file)["config"]
    texts = {key: each if isinstance(each, str) else json.dumps(each) for key, each in config.items()}
    print(json.dumps({key: {"value": each, "secret": False} for key, each in texts.items()}))
    sys.exit()
"""
"""The same as a script in Python, for commands that run in a process of their own."""


def play_pulumi(patch: pytest.MonkeyPatch, answer: Answer | None = None) -> list[list[str]]:
    """Read the settings of stacks from their files, or always give the same answer; return the calls."""
    asked = list[list[str]]()

    def run(
        _: Cli,
        args: list[str],
        cwd: str,
        _environment: Mapping[str, str],
        _output: OnOutput | None = None,
        _error: OnOutput | None = None,
    ) -> CommandResult:
        asked.append(args)
        assert args[:3] == ["config", "--show-secrets", "--json"]
        status, output, error = answer or as_pulumi_reads(stack_file(args[-1], Path(cwd)))
        result = CommandResult(output, error, status)
        if status:
            raise StackNotFoundError(result) if "no stack named" in error else CommandError(result)
        return result

    patch.setattr(Cli, "run", run)
    return asked


def as_pulumi_reads(path: Path) -> Answer:
    """Return what the CLI answers that has this file for its stack."""
    if not path.is_file():
        return 6, "", f"error: no stack named '{path.suffixes[0][1:]}' found"
    try:
        config = mapping(at(yaml.safe_load(path.read_bytes()), "config"))
    except yaml.YAMLError:
        return 255, "", "error: invalid YAML file: yaml: line 1: did not find expected node content"
    found = {key: {"value": text(value), "secret": False} for key, value in config.items()}
    return 0, json.dumps(found), ""


def text(value: object) -> str:
    """Return a value as Pulumi prints it."""
    if isinstance(value, dict | list):
        return json.dumps(value, default=text)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return f"{value} 00:00:00 +0000 UTC"  # as Go writes it
    return str(value).lower() if isinstance(value, bool) else str(value)
