"""Turns a stack's configuration, as Pulumi passes it, into settings."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import ValidationError

from model.hiding import SECRET, without
from model.json_values import is_list, is_mapping
from model.names import PROJECT
from model.problem import InputError, Problem
from settings import Settings
from settings.errors import explain, mapping_fix
from settings.rules import contradictions
from settings.values import sections_in

_MAPPINGS = {field.alias for field in Settings.model_fields.values() if sections_in(field)}


def load() -> Settings:
    """Return the settings of the running program's stack.

    Raises InputError with every problem at once.
    """
    raw: dict[str, object] = {**get_config_env(), **CONFIG.get()}
    return parse(raw, {key.rpartition(":")[2] for key in raw if is_config_secret(key)})


def parse(raw: Mapping[str, object], secret: Collection[str] = ()) -> Settings:
    """Return the settings in `raw`, whose keys are those of a stack's file with or without the project's name.

    Values are those that Pulumi passes: text, with JSON for mappings.
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
            values[name] = json.loads(value) if name in _MAPPINGS and isinstance(value, str) else value
        except (ValueError, RecursionError):
            found = f"the value is {SECRET if name in secret else 'a text'} that is no JSON"
            rule, fix = "it has to be a mapping of settings", mapping_fix(f"{PROJECT}:{name}")
            problems.append(Problem(f"{PROJECT}:{name}", found, rule, fix))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += explain(Settings, error.errors(include_url=False), PROJECT, secret)
    else:
        problems += _contradictions(settings, [values.get(name) for name in secret])
        problems += _other_providers(settings, raw)
        if not problems:
            return settings
    raise InputError(problems)


_INSTEAD = {
    "kubernetes:context": "context",
    "kubernetes:kubeconfig": "kubeconfig",
    "kubernetes:cluster": "context",
    "aws:profile": "eks.profile",
    "aws:region": "eks.region",
    "aws:assumeRole": "eks.roleArn",
    "aws:assumeRoles": "eks.roleArn",
}
"""Settings of default providers that choose a cluster or an account, and the program's own."""


def _other_providers(settings: Settings, raw: Mapping[str, object]) -> Iterator[Problem]:
    """Yield the settings that name another cluster or account for providers that the program does not use."""
    eks, own = settings.eks, {"context": settings.context, "kubeconfig": settings.kubeconfig}
    if eks:
        own = {"eks.profile": eks.profile, "eks.region": eks.region, "eks.roleArn": eks.role_arn}
    for key, name in _INSTEAD.items():
        value = raw.get(key)
        if value in (None, "", own.get(name)) or (not eks and key.startswith("aws:")):
            continue
        right = f"{PROJECT}:{'eks.cluster' if eks and key.startswith('kubernetes:') else name}"
        rule = f"the program and its commands read {right} instead"
        fix = (
            f"Set that with `pulumi config set --path '{right}' <value>`, and remove it with `pulumi config rm {key}`."
        )
        yield Problem(key, "it is set", rule, fix)


def _contradictions(settings: Settings, secret: list[object]) -> Iterator[Problem]:
    """Yield the contradictions among the settings, without `secret` values."""
    clear = without(word for value in secret for word in _words(value))
    for each in contradictions(settings):
        yield replace(each, found=clear(each.found), rule=clear(each.rule), fix=clear(each.fix))


def _words(value: object) -> Iterator[str]:
    """Yield each text or number of a value, and the words in it, since a remedy may repeat one of them."""
    if is_mapping(value) or is_list(value):
        for each in value.values() if is_mapping(value) else value:
            yield from _words(each)
    else:
        yield from (str(value), *re.split(r"\W+", str(value)))
