"""A stack's settings are read by the Pulumi CLI, and each of its refusals is reported in a sentence."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.kubeconfig import find
from clients.pulumi_cli import NoStackError, ask, read_settings
from model import hiding
from model.problem import InputError, Problem
from settings import Settings
from settings.loading import parse
from tests.doubles.api_server import kubeconfig
from tests.doubles.kind_machine import executable
from tests.doubles.pulumi_double import Answer, play_pulumi
from tests.fuzzing import CANARY, few

EMPTY: dict[str, object] = {"eks": {}, "dns": {}}
DEFAULTS = {**dict.fromkeys(("kubeconfig", "context", "workshopEnds"), ""), **EMPTY, "workshopDays": 0}
"""Some of those in Pulumi.yaml, which the CLI prints as well."""


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hiding, "_known", set[str]())


def said(secret: tuple[str, ...] = (), **values: object) -> Answer:
    """Return what `pulumi config --json` prints for these settings."""
    texts = {key: each if isinstance(each, str) else json.dumps(each) for key, each in (DEFAULTS | values).items()}
    found = {f"linkerd-workshop:{key}": {"value": texts[key], "secret": key in secret} for key in texts}
    return 0, json.dumps(found), ""


def problem(patch: pytest.MonkeyPatch, answer: Answer) -> str:
    play_pulumi(patch, answer)
    with pytest.raises(InputError) as caught:
        read_settings("dev")
    text = str(caught.value)
    assert len(text.splitlines()) == 2, text
    return text


def test_commands_read_the_settings_that_the_program_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    raw: dict[str, object] = {"context": "kind", "demos": {"booksapp": {"faultPercent": 25}}}
    asked = play_pulumi(monkeypatch, said((), **raw))

    assert read_settings("acme/dev") == parse(raw)
    assert asked == [["config", "--show-secrets", "--json", "--stack", "acme/dev"]]


def test_remedies_name_the_stack_whose_settings_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "`pulumi config set --stack dev --path" in problem(monkeypatch, said((), highAvailability="maybe"))


def test_encrypted_settings_are_read_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    play_pulumi(monkeypatch, said(("context",), context="hunter2"))
    assert read_settings("dev").context == "hunter2"

    assert "hunter2" not in problem(monkeypatch, said(("context",), context="hunter2\n"))
    assert "hunter2" not in problem(monkeypatch, said(("demos",), demos={"podinfo": {"headerValue": "hunter2\n"}}))


def test_no_message_shows_the_value_of_an_encrypted_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    oidc = {"issuer": "https://login.example.com", "secretName": "hunter3-name"}
    play_pulumi(monkeypatch, said(("context", "viz"), context="hunter2-context", viz={"dashboard": {"oidc": oidc}}))
    with pytest.raises(InputError, match=r"viz\.dashboard"):
        read_settings("dev")
    path = kubeconfig(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(InputError, match="there is no such context") as caught:
        find(str(path), "hunter2-context")

    assert "hunter2" not in str(caught.value)
    assert "hunter3" not in str(Problem("x", "it is hunter3-name", "r", "c"))


LOGIN, CORRECT, READ = "`pulumi login`", "Correct", "config`"
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"
REFUSALS = {
    "PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions": ("nobody is logged in", LOGIN),
    "incorrect passphrase": ("the passphrase is not the one", PASSPHRASE),
    f"passphrase must be set with {PASSPHRASE} or {PASSPHRASE}_FILE environment variables": (
        "no passphrase is given",
        PASSPHRASE,
    ),
    "backend vm does not support environments; Pulumi ESC environments require the Pulumi Cloud backend, use "
    "`pulumi login` without arguments to log into the Pulumi Cloud backend": ("ESC environments", LOGIN),
    f"invalid YAML file: yaml: cannot decode !!str `{CANARY}` as a !!float": ("no stack file", CORRECT),
    f"expected project to be an object, was '{CANARY}'": ("no stack file", CORRECT),
    "invalid YAML file: yaml: line 3: did not find expected node content": ("can read (line 3)", CORRECT),
    "/p/Pulumi.dev.yaml is not YAML (line 7).": ("can read (line 7)", CORRECT),
    f'unable to open state directory "s3://key:{CANARY}@b": no': ("unable to open state directory", READ),
    'read ".pulumi/meta.yaml": blob (key "x") (code=Unknown): operation error S3: GetObject, get identity: get '
    "credentials: failed to refresh cached credentials, no EC2 IMDS role found": ("AWS refuses its backend", "aws sso"),
    "operation error S3: GetObject, https response error StatusCode: 403, api error AccessDenied: Access Denied": (
        "AWS refuses its backend",
        "get-caller-identity",
    ),
    "[409] Conflict: something": ("(409", READ),
    "": ("it says nothing", READ),
}


@pytest.mark.parametrize("line", REFUSALS)
def test_a_refusal_of_the_cli_is_reported_in_a_sentence_without_secrets(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    found, fix = REFUSALS[line]
    prefix = "sandbox: error: " if line.startswith("/p/") else "error: "
    text = problem(monkeypatch, (255, f'{{"password": "{CANARY}"}}', line and prefix + line))

    assert "stack dev" in text
    assert found in text.replace("[409]", "(409")
    assert fix in text
    assert CANARY not in text


def test_a_stack_without_a_file_is_reported_before_the_cli_is_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"stack dev: .*Pulumi\.dev\.yaml: there is no such file") as refused:
        read_settings("dev", tmp_path)
    assert "make init STACK=<name>" in str(refused.value)


def test_without_the_cli_one_sentence_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="pulumi: there is no such program on PATH") as refused:
        read_settings("dev")
    assert "Install the Pulumi CLI" in str(refused.value)


def test_a_stack_that_its_backend_does_not_have_is_known_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    play_pulumi(monkeypatch, (6, "", "error: no stack named 'dev' found"))
    with pytest.raises(NoStackError, match="stack dev: its backend does not have it"):
        read_settings("dev")


@few(100)
@given(
    st.text(max_size=40)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda each: st.dictionaries(st.text(max_size=3) | st.just("value"), each),
    ).map(json.dumps)
)
def test_any_output_of_the_cli_is_taken_or_explained(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    play_pulumi(monkeypatch, (0, output, ""))
    with suppress(InputError):
        assert isinstance(read_settings("dev"), Settings)


def test_an_answer_nested_too_deeply_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is not its JSON" in problem(monkeypatch, (0, '{"a":' * 100_000, ""))


@pytest.mark.parametrize(
    ("script", "status", "calls"),
    [
        ("test $(wc -l < {folder}/calls) -gt 2 || {{ echo 'failed to load checkpoint: EOF' >&2; exit 255; }}", 0, 3),
        ("echo 'error: failed to load checkpoint: EOF' >&2; exit 255", 255, 5),
        ("echo 'error: no stack selected' >&2; exit 1", 1, 1),
    ],
    ids=["until the other run has written it", "five times at most", "not after another error"],
)
def test_a_state_that_another_run_is_writing_is_read_again(
    tmp_path: Path, script: str, status: int, calls: int
) -> None:
    program = tmp_path / "pulumi"
    executable(program, f"#!/bin/sh\necho x >> {tmp_path}/calls\n{script.format(folder=tmp_path)}\n")
    done = ask([str(program)])

    assert done.status == status
    assert (tmp_path / "calls").read_text() == "x\n" * calls
