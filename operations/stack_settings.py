"""Reads a stack's settings, from the running program's configuration or from the stack's file."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import get_args

import yaml
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import BaseModel, TypeAdapter, ValidationError

from conventions import PROJECT
from operations.explanation import explain, mapping_cure
from operations.hiding import SECRET
from operations.problem import InputError, Problem
from operations.settings_rules import contradictions
from settings import Settings

_MAPPING: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])

_UNREADABLE = (yaml.YAMLError, ValueError, RecursionError, LookupError, TypeError, AttributeError)
"""What PyYAML raises on files that are no YAML, or whose tags and values do not fit."""


def load() -> Settings:
    """Return the settings of the running program's stack.

    Raises InputError with every problem at once.
    """
    raw: dict[str, object] = {**get_config_env(), **CONFIG.get()}
    return parse(raw, {key.rpartition(":")[2] for key in raw if is_config_secret(key)})


def parse(raw: Mapping[str, object], secret: Collection[str] = ()) -> Settings:
    """Return the settings in `raw`, whose keys are those of a stack's file with or without the project's name.

    Values are what Pulumi hands over: text, with JSON for mappings; or what YAML makes of a stack's file.
    Those under the keys in `secret` are repeated in no message.

    Raises InputError with every problem at once.
    """
    values: dict[str, object] = {}
    problems: list[Problem] = []
    for key, value in raw.items():
        project, colon, name = key.rpartition(":")
        if colon and project != PROJECT:
            continue  # pulumi:… and the providers' own configuration
        try:
            values[name] = json.loads(value) if _is_mapping(name) and isinstance(value, str) else value
        except (ValueError, RecursionError):
            found = f"the value is {SECRET if name in secret else 'a text'} that is no JSON"
            rule, cure = "it has to be a mapping of settings", mapping_cure(f"{PROJECT}:{name}")
            problems.append(Problem(f"{PROJECT}:{name}", found, rule, cure))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += explain(Settings, error.errors(include_url=False), PROJECT, secret)
    else:
        problems += contradictions(settings)
        if not problems:
            return settings
    raise InputError(problems)


def from_file(path: Path) -> Settings:
    """Return the settings of the stack file at `path` (`Pulumi.<stack>.yaml`).

    Raises InputError if the file is not there, is not YAML, or has problems in it.
    """
    try:
        document = _MAPPING.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        return parse(_MAPPING.validate_python(document.get("config") or {}))
    except OSError:
        cure = "Name an existing stack with `make … STACK=<name>`, or make one with `make init STACK=<name>`."
        raise InputError(
            [Problem(str(path), "there is no such file", "a stack's settings are read from it", cure)]
        ) from None
    except _UNREADABLE as error:
        found = f"it cannot be read ({_reason(error)})"
        raise InputError([Problem(str(path), found, "it has to be a YAML mapping", "Mend the file.")]) from None


def _reason(error: Exception) -> str:
    """Return where a file is no YAML mapping; the parser's own words quote the lines and the names that stand there."""
    mark = error.problem_mark or error.context_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if mark:
        return f"line {mark.line + 1}, column {mark.column + 1}"
    if isinstance(error, ValidationError):
        return "there is something else in it"
    if isinstance(error, UnicodeDecodeError | yaml.reader.ReaderError):
        return "there are bytes in it that are no text in UTF-8"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "a value in it is not what it looks like"


def _is_mapping(name: str) -> bool:
    field = next((field for field in Settings.model_fields.values() if field.alias == name), None)
    kinds = (field.annotation, *get_args(field.annotation)) if field else ()
    return any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds)
