"""Nothing that comes from outside causes a traceback or a long wait, or puts a secret into what is printed or kept."""

import io
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from clients import limits, pulumi_cli
from clients.aws import login as logging_in
from clients.pulumi_cli import Done, StackCli
from model.problem import InputError
from preflight.eks import survey_aws
from settings import Settings
from settings.ending import Stage
from tests.doubles.aws_server import CLUSTER, EKS
from tests.doubles.aws_server import settings as on_eks
from tests.doubles.faulty_servers import RawServer, Reply, reply
from tests.doubles.pulumi_double import play_pulumi
from tests.fuzzing import CANARY, CODED, ODD, Shape, anything, check_clean, few, replies, shaped, taken_or_explained
from tests.model.test_hiding import FINDING
from tests.workshop.preview_documents import manifest, step
from tests.workshop.test_teardown import order
from workshop import cli, expiry
from workshop.previews.recording import record
from workshop.teardown import tear_down_stacks

Use = Callable[[str], None]
SECRET = step("create", "kubernetes:core/v1:Secret", "s", None, manifest("Secret", "s", data={"password": CODED}))
ABOUT = ["--stack", "dev", "--commit", "abc", "--run-url", "https://x.example.com"]
secrets = st.sampled_from([*ODD, "a", CANARY, CODED, "Secret", "[secret]", "9999-12-31"])
values = shaped({"inputs": secrets, "name": secrets, "data": {"value": secrets}, "metadata": [secrets]}) | secrets
# The engine documents where a secret may be; the canary anywhere else is no secret.
STEP: Shape = {
    "op": ("create", "same", "replace", "x"),
    "urn": "urn:pulumi:d::p::a:b:C::n",
    "newState": {"custom": (True, False), "inputs": anything, "outputs": {"validityEndTime": anything}},
    **dict.fromkeys(("oldState", "detailedDiff", "replaceReasons"), anything),
}
SAID: Shape = (CANARY, CODED, f"x {CANARY!r} y", "fine", json.dumps({"a": CANARY}))
# What a policy event is full of at random is shown on purpose where it is the policy's name.
EVENT: Shape = {"policyEvent": {"policyName": "p", "enforcementLevel": "advisory", "message": (CANARY, CODED, "fine")}}
ABOUT_SECRET = json.dumps({"resourcePreEvent": {"metadata": {"new": SECRET["newState"]}}})


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A preview with a Secret, among other steps of any shape, and torn or among other lines."""
    steps = draw(st.permutations([SECRET, *draw(st.lists(shaped(STEP), max_size=3))]))
    diagnostics = draw(shaped([{"message": SAID, "severity": "error"}]) | anything)
    text = json.dumps({"steps": steps, "diagnostics": diagnostics}, indent=draw(st.none() | st.just(4)))
    before = draw(st.sampled_from(["", "a line\n", "{\n", "\ufeff", "x", "\0\n"]))
    return before + draw(torn(text)) + draw(st.sampled_from(["", "\n", "x", "\n{}"]))


def torn(text: str, least: int = 0) -> st.SearchStrategy[str]:
    return (st.integers(least, len(text)) | st.just(len(text))).map(lambda end: text[:end])


@st.composite
def event_logs(draw: st.DrawFn) -> str:
    """An event log that repeats the Secret, with findings, other values, and torn."""
    whole = shaped(SAID).map(lambda message: {"policyEvent": {**FINDING, "message": message}})
    lines = draw(st.lists((whole | shaped(EVENT)).map(json.dumps) | st.text(max_size=9), max_size=4))
    return draw(torn("\n".join([ABOUT_SECRET, *lines]), len(ABOUT_SECRET)))


@few()
@given(documents(), event_logs(), st.sampled_from([0, 1, 255]))
def test_no_secret_of_any_output_of_the_engine_is_kept(printed: str, events: str, status: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def run(asked: Sequence[str], output: Path, errors: Path, variables: Mapping[str, str]) -> int:
            assert variables
            output.write_text(printed, encoding="utf-8", errors="surrogatepass")
            errors.write_text(f"error: {CANARY} or {CODED}\n" if printed.strip() else "")
            Path(asked[asked.index("--event-log") + 1]).write_text(events, encoding="utf-8", errors="surrogatepass")
            return status

        with taken_or_explained():
            record("dev", folder, plan=False, policies=["p"], run=run)
            made = ["--folder", name, "--to", f"{name}/comment.md", "--whole", f"{name}/diff.txt"]
            assert cli.main(["comment", *ABOUT, *made]) == 0
        for path in folder.iterdir():
            check_clean(path.name, path.read_bytes())


@few()
@given(
    st.dictionaries(
        st.sampled_from(["preview.json", "status", "preview.log", "policies.json"]),
        documents() | st.binary() | values.map(json.dumps),
    )
)
def test_any_artifact_of_a_fork_becomes_a_comment(files: dict[str, str | bytes]) -> None:
    with tempfile.TemporaryDirectory() as name, taken_or_explained():
        for file, content in files.items():
            (Path(name) / file).write_bytes(
                content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
            )
        assert cli.main(["comment", *ABOUT, "--folder", name, "--to", f"{name}/c", "--whole", f"{name}/d"]) == 0
        assert len((Path(name) / "c").read_text()) <= 65_536


CALLER = b"<GetCallerIdentityResponse><GetCallerIdentityResult>%s</GetCallerIdentityResult></GetCallerIdentityResponse>"
AWS_BODIES = [
    json.dumps({"cluster": CLUSTER}).encode(),
    CALLER % b"<Arn>arn:aws:iam::123456789012:user/x</Arn><Account>1</Account>",
    CALLER % b"<Arn>x</Arn>",
    f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{CANARY} token={CANARY}</Message>".encode(),
    b"<ListHostedZonesByNameResponse><HostedZones><HostedZone><Id>/x</Id></HostedZone></HostedZones>",
    b'{"__type": "ThrottlingException", "message": 5}',
    b'{"cluster": {"createdAt": 1e300, "arn": "arn:aws:eks:a:123456789012:cluster/x"}}',
    b'{"cluster": []}',
    b"<html>log in</html>",
]


def two_regions(_api: object) -> list[str]:
    """Return fewer regions than there are, each of which is asked."""
    return ["eu-west-1", "us-east-1"]


# The first answer decides whether there is a second question: mostly it is a good one.
RESULT = "<R><GetCallerIdentityResult><Arn>{}</Arn></GetCallerIdentityResult></R>"
GOOD = reply(b"200", [(b"Content-Type", b"text/xml")], AWS_BODIES[1])


@pytest.mark.usefixtures("loaded")
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@few()
@given(
    said=st.lists(replies(st.sampled_from(AWS_BODIES)), min_size=1, max_size=5), before=st.sampled_from([[], [GOOD]])
)
def test_any_answer_of_aws_is_taken_or_explained(
    server: RawServer, monkeypatch: pytest.MonkeyPatch, use_aws: Use, said: list[Reply], before: list[Reply]
) -> None:
    server.replies = [*before, *said]
    use_aws(server.url)
    with monkeypatch.context() as patch:
        patch.setattr(limits, "SECONDS", 2)  # the rest is for a busy machine
        patch.setattr(logging_in, "SECONDS_TO_ANSWER", 0.3)
        patch.setattr(logging_in, "ATTEMPTS", 1)
        patch.setattr("clients.aws.clusters.SECONDS", 0.3)
        patch.setattr("clients.aws.api.AwsApi.regions", two_regions)
        with taken_or_explained(secrets=["hunter2"]):
            checks = survey_aws(on_eks(), "dev").checks
            problems = [problem for check in checks for problem in check.problems]
            if problems:
                raise InputError(problems)


WITHOUT_ZONE = Settings.model_validate({"eks": EKS})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (WITHOUT_ZONE, [GOOD, reply(b"200", [], b"[" * 100_000)]),
        (WITHOUT_ZONE, [GOOD, reply(b"429", [], b"[" * 100_000)]),
        (WITHOUT_ZONE, [GOOD, reply(b"200", [], b'{"cluster": {"createdAt": 1e300}}')]),
        *(
            (on_eks(), [reply(b"200", [], RESULT.format(caller).encode()), reply(b"200", [], b"<R></R>")])
            for caller in ("x", "", "arn:aws:iam::123456789012:user/x")
        ),
    ],
    ids=["nested too deeply", "refusal nested too deeply", "no moment", "no account", "no caller", "no cluster"],
)
def test_an_answer_that_aws_does_not_document_is_explained(
    server: RawServer, use_aws: Use, settings: Settings, said: list[Reply]
) -> None:
    server.replies = [*said]
    use_aws(server.url)
    problems = [each for check in survey_aws(settings, "dev").checks for each in check.problems]

    assert {each.found for each in problems} == {"it does not answer as AWS does"}


ALPHABET = "abc:[]{}&*!<|>-#%@`'\"?,\n\t 01.~=\\"
KEYS = ["workshopEnds", "workshopDays", "kubeconfig", "eks"]
configs = st.dictionaries(st.sampled_from(KEYS).map("linkerd-workshop:{}".format), values | anything, max_size=3)
stack_files = (
    st.binary(max_size=60)
    | st.text(ALPHABET, max_size=60).map(lambda each: b"config:\n  linkerd-workshop:workshopEnds: " + each.encode())
    | configs.map(lambda each: json.dumps({"config": each}).encode())
    | st.dates().map(lambda day: yaml.safe_dump({"config": {"linkerd-workshop:workshopEnds": day}}).encode())
    | st.sampled_from([b"config: {linkerd-workshop:workshopDays: 366}", b"config: {}", b"config: {a: !!bool x}"])
)
outputs = (
    st.binary(max_size=40).map(lambda each: each.decode(errors="replace"))
    | values.map(json.dumps)
    | st.datetimes().map(lambda moment: json.dumps([{"name": "x", "kind": "update", "startTime": moment.isoformat()}]))
)


@few()
@given(st.lists(stack_files, min_size=1, max_size=3), st.lists(outputs, min_size=1, max_size=4))
@example([b"config: {linkerd-workshop:workshopDays: 366}"], ["no JSON"])
def test_no_stack_file_and_no_answer_of_the_backend_stops_the_other_stacks(files: list[bytes], said: list[str]) -> None:
    names = [f"s{number}" for number in range(len(files))]
    answers = list(said)

    def run(asked: Sequence[str], shown: bool) -> Done:  # noqa: FBT001  as the real one
        assert asked
        answers.append(answers.pop(0))
        return Done(0 if not shown else len(answers) % 2, answers[0])

    with tempfile.TemporaryDirectory() as folder, taken_or_explained(), pytest.MonkeyPatch.context() as patch:
        play_pulumi(patch)
        for name, content in zip(names, files, strict=True):
            (Path(folder) / f"Pulumi.{name}.yaml").write_bytes(content)
        outcomes = [*tear_down_stacks(names, Path(folder), order(), lambda name: StackCli(name, run))]
        assert [each.stack for each in outcomes] == names
        assert all("cannot be judged" not in each.sentence for each in outcomes), outcomes
        assert all(each.stage in (None, *Stage) for each in outcomes)
        patch.chdir(folder)
        assert cli.main(["teardown", "--check"]) in (0, 1)


@few()
@given(
    values | st.datetimes().map(str) | st.dictionaries(st.text(max_size=3), st.datetimes().map(str), min_size=1),
    st.integers(0, 36_500),
)
def test_any_output_on_certificates_is_taken_or_explained(dates: object, days: int) -> None:
    def read(_stack: str) -> dict[str, object]:
        return {expiry.OUTPUT: dates}

    with pytest.MonkeyPatch.context() as patch, taken_or_explained():
        patch.setattr(pulumi_cli, "read_outputs", read)
        assert expiry.report(Settings(), "dev", Console(file=io.StringIO()), days) in (0, 1)
