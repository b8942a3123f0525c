"""Reads a stack's settings, from the running program's configuration or from the stack's file."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import get_args

import yaml
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import BaseModel, TypeAdapter, ValidationError

from conventions import PROJECT
from operations.explanation import explain, mapping_cure, shown
from operations.problem import InputError, Problem
from operations.settings_rules import contradictions
from settings import Settings

_MAPPING: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


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
            problems.append(_not_json(name, "(a secret)" if name in secret else value))
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
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where = " ".join(str(error).split())[:200]
        problem = Problem(str(path), f"it cannot be read ({where})", "it has to be a YAML mapping", "Mend the file.")
        raise InputError([problem]) from None


def _is_mapping(name: str) -> bool:
    field = next((field for field in Settings.model_fields.values() if field.alias == name), None)
    kinds = (field.annotation, *get_args(field.annotation)) if field else ()
    return any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds)


def _not_json(name: str, value: object) -> Problem:
    key = f"{PROJECT}:{name}"
    return Problem(key, f"the value is {shown(value)}", "it has to be a mapping of settings", mapping_cure(key))
