"""No broken input of a preview publishes a secret: one canary, which must be in none of the files that are left."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model.hiding import hidden, hidden_words
from tests.fuzzing import CANARY, CODED, check_clean, few
from tests.workshop.preview_documents import manifest, step
from workshop import cli
from workshop.previews import recording
from workshop.previews.recording import record

SECRET = "kubernetes:core/v1:Secret"
HELD = step("create", SECRET, "s", None, manifest("Secret", "s", data={"password": CODED}))
CONFIG = {"config.yaml": f"a: 1\nb: {CANARY}\n"}
IN_CLEAR = step("create", SECRET, "s", None, manifest("Secret", "s", stringData=CONFIG))
ERROR, OTHER = {"severity": "error", "x": CANARY}, partial(step, "create", "x:y:Z", "z", None)


def steps(*each: object, diagnostics: object = ()) -> str:
    """Return a preview of some steps as the engine prints it."""
    return json.dumps({"steps": each, "diagnostics": diagnostics}, indent=4)


DIGEST = steps(HELD, IN_CLEAR)
FINDING = {"policyName": "p", "enforcementLevel": "advisory", "message": "m"}


@dataclass
class Engine:
    """An engine that writes the given output and ends with the given status."""

    printed: str | bytes
    errors: str = ""
    events: str | bytes = ""
    status: int = 0
    then: Callable[[Path], object] = str
    """Called with the path of the output when it is written."""
    paths: list[Path] = field(default_factory=list[Path])
    command: Sequence[str] = ()

    def run(self, command: Sequence[str], output: Path, errors: Path, variables: Mapping[str, str]) -> int:
        """Write the three files."""
        assert variables
        self.command, self.paths = command, [output, errors, Path(command[command.index("--event-log") + 1])]
        for path, content in zip(self.paths, (self.printed, self.errors, self.events), strict=True):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.then(output)
        return self.status


def kept(folder: Path, engine: Engine) -> int:
    """Record a preview, search everything that is published for the canary, and return the exit status."""
    status = record("dev", folder, plan=False, policies=["p"], run=engine.run)
    for path in engine.paths:
        assert folder not in path.parents, "what the engine writes never lies in the folder that is uploaded"
        assert not path.exists()
    about = ["--stack", "dev", "--commit", "abc", "--run-url", "https://x.example.com"]
    made = ["--folder", str(folder), "--to", f"{folder}/comment.md", "--whole", f"{folder}/diff.txt"]
    assert cli.main(["comment", *about, *made]) == 0
    for path in folder.rglob("*"):
        check_clean(path.name, path.read_bytes())
    return status


def event(**more: object) -> str:
    return json.dumps({"sequence": 1, **more})


APPLIED = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"password": CODED}})}
SECRETS_MARK = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
UNUSUAL: dict[str, dict[str, object]] = {
    "in the annotation that repeats the object": manifest("Secret", "s") | {"metadata": {"annotations": APPLIED}},
    "under a mistaken key": manifest("Secret", "s", stringdata={"password": CANARY}),
    "as data that is no mapping": manifest("Secret", "s", data=[{"password": CODED}]),
    "in a list of objects": manifest("List", "l", items=[manifest("Secret", "s", data={"password": CODED})]),
    "in a manifest that is a text": {"yaml": f"apiVersion: v1\nkind: Secret\ndata:\n  password: {CODED}\n"},
    "in a manifest that is a text of JSON": {"json": json.dumps(manifest("Secret", "s", data={"password": CODED}))},
    "without its kind": {"metadata": {"name": "s"}, "data": {"password": CODED}},
    "as the engine shows it": {"it": {**SECRETS_MARK, "plaintext": f'"{CANARY}"'}},
    "under a key that says so": {"values": {"adminPassword": CANARY}},
    "in a variable": {"env": [{"name": "DB_PASSWORD", "value": CANARY}]},
}


@pytest.mark.parametrize("where", UNUSUAL)
def test_a_secret_is_hidden_in_unusual_places(tmp_path: Path, where: str) -> None:
    document = steps(step("update", SECRET, "s", {"metadata": {}}, UNUSUAL[where]))
    is_text = "text" in where or "annotation" in where

    assert kept(tmp_path, Engine(document, "" if is_text else f"warning: {CANARY} and {CODED} and {CANARY!r}")) == 0


CHANGES = {f"a[{CANARY!r}]": {"kind": "update", "x": CANARY}}
OUTPUTS = {"validityEndTime": CANARY, "x": CANARY}
BROKEN: dict[str, str | bytes] = {
    "a line before it": f"warning: a line\n{DIGEST}",
    "the secret before it": f"{CANARY}\n{CODED}\n{DIGEST}",
    "a line after it": f"{DIGEST}\nwarning: {CANARY}\n",
    "in a list": f"[{DIGEST}]",
    "empty": "",
    "a mark before it": f"\ufeff{DIGEST}",
    "UTF-16": DIGEST.encode("utf-16"),
    "binary": bytes(range(256)) * 20 + CANARY.encode(),
    "with a byte that is no text": DIGEST.encode().replace(b'"steps"', b'"\xff": 1, "steps"'),
    "deeply nested": '{"steps": [' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]}",
    "nested, but not too deep to be read": steps(HELD, OTHER({"a": json.loads("[" * 900 + "]" * 900)})),
    "a number of many digits": f'{{"steps": [], "duration": {"9" * 5000}, "x": "{CANARY}"}}',
    "steps that are none": steps(1, CANARY, None),
    "steps that are a text": json.dumps({"steps": CANARY}),
    "a step without a name": steps({"op": "create", "newState": {"inputs": {"a": CANARY}}}),
    "inputs that are a text": steps({**step("create", SECRET, "s"), "newState": CANARY}),
    "a diagnostic that is a text": steps(HELD, diagnostics=[CANARY]),
    "a diagnostic with the secret": steps(HELD, diagnostics=[{**ERROR, "message": f"bad: {CANARY} {CODED}"}]),
    "a diagnostic with the secret in base64 of something longer": steps(
        IN_CLEAR, diagnostics=[{**ERROR, "message": b64encode(b"x" * n + CANARY.encode()).decode()} for n in range(3)]
    ),
    "reasons and paths with the secret": steps(
        HELD, step("replace", "x:y:Z", "z", {"a": "1"}, {"a": "2"}, replaceReasons=[CODED], detailedDiff=CHANGES)
    ),
    "the secret in another object": steps(HELD, OTHER({"url": f"https://x.example.com/{CANARY}"})),
    "outputs with the secret": steps({**HELD, "oldState": {"custom": True, "outputs": OUTPUTS}}),
    "a component's and a provider's inputs": steps(
        {"op": "create", "urn": "urn:pulumi:dev::p::a:b:C::c", "newState": {"inputs": {"values": CANARY}}},
        step("create", "pulumi:providers:kubernetes", "k", None, {"kubeconfig": CANARY}),
    ),
}


@pytest.mark.parametrize("status", [0, 255])
@pytest.mark.parametrize("how", BROKEN)
def test_a_preview_broken_in_any_way_publishes_no_secret(tmp_path: Path, how: str, status: int) -> None:
    errors = f"error: {CANARY}\n" if BROKEN[how].strip() and "component" not in how else "error: nothing was asked\n"
    assert kept(tmp_path, Engine(BROKEN[how], errors, status=status)) in {status, status or 1}


@pytest.mark.parametrize("how", ["a line before it", "the secret before it", "a line after it", "a mark before it"])
def test_a_preview_with_a_line_around_it_can_be_read(tmp_path: Path, how: str) -> None:
    assert kept(tmp_path, Engine(BROKEN[how])) == 0
    assert [each.op for each in recording.read_result(tmp_path, "dev").digest.steps] == ["create", "create"]


def test_an_unreadable_preview_is_a_failed_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kept(tmp_path, Engine(DIGEST[:-2])) == 1
    assert "no preview that can be read" in capsys.readouterr().err
    account = recording.read_result(tmp_path, "dev")
    assert not account.succeeded
    assert "no preview that can be read, so nothing of it is kept" in account.log


REPEATED = event(policyEvent={**FINDING, "message": f"not {CANARY} nor {CODED}"})
LOGS: dict[str, str | bytes] = {
    "torn at its end": event(policyEvent=FINDING) + "\n" + event(resourcePreEvent=HELD)[:-20],
    "torn at its beginning": event(resourcePreEvent=HELD)[20:] + "\n" + event(policyEvent=FINDING),
    "a finding that repeats the secret": event(metadata={"new": IN_CLEAR}) + f"\n{REPEATED}",
    "a finding with other things in it": event(policyEvent={**FINDING, "details": CANARY, "config": {"a": CODED}}),
    "a finding that is a text": event(policyEvent=CANARY),
    "a finding without a name": event(policyEvent={"message": CANARY}),
    "a line of text": f"warning: {CANARY}\n{event(policyEvent=FINDING)}",
    "lines that are no events": f'{json.dumps(CANARY)}\n[]\n1\nnull\n"x"',
    "binary": bytes(range(256)) + CANARY.encode(),
    "deeply nested": '{"a":' * 100_000,
}


@pytest.mark.parametrize("how", LOGS)
def test_an_event_log_broken_in_any_way_publishes_no_secret(tmp_path: Path, how: str) -> None:
    assert kept(tmp_path, Engine(DIGEST, events=LOGS[how])) == 0


@pytest.mark.parametrize("how", ["torn at its end", "torn at its beginning", "a line of text"])
def test_the_readable_findings_of_a_torn_event_log_are_reported_with_a_warning(tmp_path: Path, how: str) -> None:
    kept(tmp_path, Engine(DIGEST, events=LOGS[how]))
    account = recording.read_result(tmp_path, "dev")

    assert [each.policy for each in account.findings or ()] == ["p"]
    assert "Some findings of the policies cannot be read." in (tmp_path / "comment.md").read_text()


def test_errors_are_reported_without_the_secrets_of_the_preview(tmp_path: Path) -> None:
    errors = f"error: Secret s: {CODED} is no password\nerror: b: {CANARY}\nthe rest is shown\n"
    kept(tmp_path, Engine(DIGEST, errors, status=255))

    assert "the rest is shown" in (tmp_path / "comment.md").read_text()


def test_the_steps_of_an_earlier_run_are_not_reported_again(tmp_path: Path) -> None:
    kept(tmp_path, Engine(DIGEST))
    assert kept(tmp_path, Engine("", "error: no stack", status=255)) == 255
    assert recording.read_result(tmp_path, "dev").digest.steps == []


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    engine = Engine(DIGEST, then=interrupt)
    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path, engine)
    assert [*tmp_path.iterdir()] == []
    assert not any(path.exists() for path in engine.paths)


def test_only_the_user_can_read_the_output_of_the_engine(tmp_path: Path) -> None:
    modes = list[int]()
    engine = Engine(DIGEST, then=lambda output: modes.append(output.parent.stat().st_mode & 0o777))
    record("dev", tmp_path, plan=False, policies=[], run=engine.run)

    assert modes == [0o700]


def test_a_preview_of_an_impossible_size_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LARGEST", 1000)

    assert kept(tmp_path, Engine(DIGEST + " " * 1000, f"error: {CANARY}")) == 1


def test_the_log_of_a_command_that_fails_before_the_preview_is_reported_without_keys(tmp_path: Path) -> None:
    key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIm3\n-----END EC PRIVATE KEY-----"
    log = tmp_path / "up.log"
    log.write_text(f"error: cannot read {key}\nerror: {'x' * 10} token={CANARY}\nthe rest is shown\n")

    assert cli.main(["record-failure", "--folder", f"{tmp_path}/folder", "--log", str(log)]) == 0
    left = (tmp_path / "folder" / recording.LOG).read_bytes()
    check_clean("log", left)
    assert b"MHcC" not in left
    assert b"the rest is shown" in left


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----\nTHEKEY\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nTHEKEY",
        "client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQTHEKEY",
        "token: THEKEY",
        '{"token":"THEKEY"}',
        '{\\"token\\": \\"THEKEY\\"}',
        "password = 'THEKEY and more'",
        "AWS_SECRET_ACCESS_KEY=THEKEY",
        "https://x.example.com/?access_token=THEKEY&a=b",
        "https://somebody:THEKEY@github.com/a/b",
        "https://THEKEY@github.com/a/b",
        "Authorization: Bearer THEKEY123456",
        "glpat-THEKEY12345678901234",
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0THEKEY",
    ],
)
def test_keys_and_tokens_are_recognized_by_their_form(text: str) -> None:
    assert "THEKEY" not in hidden(f"before {text} after")


@pytest.mark.parametrize(
    "text",
    [
        "urn:pulumi:dev::linkerd-workshop::kubernetes:core/v1:Secret::linkerd/linkerd-identity-issuer",
        "linkerd-workshop:demos.booksapp.faultPercent: the value is '101', but it has to be a whole number",
        "error: pod linkerd/linkerd-destination-7d9f8b6c5-abcde is not ready after 10 min",
        "git@github.com:example/workshop.git and ssh://git@github.com/example/workshop.git",
        "ghcr.io/linkerd/proxy:edge-26.7.1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "Check the job's `permissions` and the token.",
        "basic settings are needed",
        "arn:aws:iam::123456789012:role/workshop-dev",
    ],
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert hidden_words(text) == text


def test_the_secrets_of_the_environment_are_hidden_wherever_they_appear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "plain words\n")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")

    assert hidden("bad: b'Bearer plain words\\n'; correct horse") == "bad: b'Bearer [secret]\\n'; [secret]"


WORDS = ["bearer ", "basic ", "token", "password", "https", "key", "a", "Zq9w" * 5, "AKIA" + "A1" * 8, "[secret]"]
MARKS = ["=", ":", "://", "@", '"', "'", "\\", "[", "]", "}", ",", " ", "\n", "-----BEGIN PRIVATE KEY-----"]


@few(300)
@given(st.lists(st.sampled_from(WORDS + MARKS), max_size=9).map("".join))
@example("Error loading SSO Token: Token for corp does not exist")
@example('token: "THEKEY"more and password=THEKEY]')
@example("Bearer token=THEKEY123456 and https://a:b@x")
@example("the word secret, and token=x[secret]y")
@example("bearer ahttps://password=:")
def test_a_text_is_the_same_hidden_once_or_twice(text: str) -> None:
    once = hidden_words(text, {"secret"})

    assert hidden_words(once, {"secret"}) == once
    assert hidden(hidden(text)) == hidden(text)
