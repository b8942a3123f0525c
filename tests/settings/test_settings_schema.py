"""Secret settings, and the schema in Pulumi.yaml beside the models that it repeats."""

import json
from pathlib import Path

import pytest
import yaml
from pulumi.runtime import set_all_config
from pydantic import BaseModel

from model.problem import InputError
from settings import Settings, loading
from settings.loading import parse
from settings.values import sections_in
from tests.doubles.pulumi_double import text
from tests.program import ROOT
from tests.settings.test_settings import MAPPING, problems
from tests.settings_keys import keys


@pytest.mark.parametrize(
    "raw",
    [
        {"context": "hunter2\n"},
        {"demos": '{"booksapp": {"host": "hunter2"}}'},
        {"demos": '{"booksapp": "hunter2'},
        {"trust": {"anchorDays": "hunter2"}},
        {"trust": {"issuerDays": 2, "renewalDays": 31337}},
        {"demos": {"booksapp": {"host": "hunter2.example.com"}, "podinfo": {"host": "hunter2.example.com"}}},
    ],
)
def test_a_value_that_the_stack_keeps_secret_is_not_repeated(raw: dict[str, object]) -> None:
    text = " ".join(map(str, problems(raw, secret=tuple(raw))))

    assert "hunter2" not in text
    assert "31337" not in text
    assert "secret" in text


def test_the_running_program_knows_which_values_are_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    set_all_config({"linkerd-workshop:context": "hunter2\n"}, ["linkerd-workshop:context"])
    try:
        with pytest.raises(InputError) as caught:
            loading.load()
    finally:
        set_all_config({}, [])
    assert "hunter2" not in str(caught.value)


def keys_of(path: str) -> dict[str, object]:
    document = MAPPING.validate_python(yaml.safe_load((ROOT / path).read_text(encoding="utf-8")))
    return MAPPING.validate_python(document["config"])


def test_the_defaults_of_that_schema_are_the_settings_own() -> None:
    defaults = {
        key: MAPPING.validate_python(entry)["default"]
        for key, entry in keys_of("Pulumi.yaml").items()
        if ":" not in key
    }

    assert parse(defaults) == Settings()
    assert (
        parse({key: json.dumps(each) if isinstance(each, dict) else each for key, each in defaults.items()})
        == Settings()
    )


def test_the_schema_names_every_setting_inside_its_objects() -> None:
    schema = keys_of("Pulumi.yaml")
    for key in keys(Settings):
        top, dot, rest = key.partition(".")
        told = str(MAPPING.validate_python(schema[top])["description"])
        assert not dot or rest.rpartition(".")[2] in told, key


@pytest.mark.parametrize("path", sorted(ROOT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_every_stack_of_the_project_has_settings_without_an_error(path: Path) -> None:
    parse({key: text(value) for key, value in keys_of(path.name).items()})


def test_every_setting_says_its_rule_and_has_an_example() -> None:
    def list_undocumented(section: type[BaseModel]) -> list[str]:
        found: list[str] = []
        for name, field in section.model_fields.items():
            found += [each for inner in sections_in(field) for each in list_undocumented(inner)]
            found += [] if field.description and field.examples else [name]
        return found

    assert list_undocumented(Settings) == []
