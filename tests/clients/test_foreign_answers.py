"""Nothing that comes from outside causes a traceback or a long wait, or puts a secret into what is printed or kept."""

import io
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
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
from tests.doubles.aws_server import CLUSTER, settings
from tests.doubles.faulty_servers import RawServer, Reply, reply
from tests.doubles.pulumi_double import play_pulumi
from tests.fuzzing import CANARY, CODED, ODD, Shape, anything, few, replies, shaped, taken_or_explained
from tests.model.test_hiding import FINDING, Engine, kept
from tests.workshop.preview_documents import manifest, step
from tests.workshop.test_teardown import order, write
from workshop import cli, expiry
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
    errors = f"error: {CANARY} or {CODED}\n" if printed.strip() else ""
    engine = Engine(printed.encode(errors="surrogatepass"), errors, events.encode(errors="surrogatepass"), status)
    with tempfile.TemporaryDirectory() as name, taken_or_explained() as lines:
        kept(Path(name), engine)
    assert not lines


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
            checks = survey_aws(settings(), "dev").checks
            problems = [problem for check in checks for problem in check.problems]
            if problems:
                raise InputError(problems)


KEYS = ["workshopEnds", "workshopDays", "kubeconfig", "eks"]
configs = (
    st.dictionaries(st.sampled_from(KEYS), values | anything, max_size=3)
    | st.dates().map(lambda day: {"workshopEnds": day})
    | st.just({"workshopDays": 366})
)
outputs = (
    st.binary(max_size=40).map(lambda each: each.decode(errors="replace"))
    | values.map(json.dumps)
    | st.datetimes().map(lambda moment: json.dumps([{"name": "x", "kind": "update", "startTime": moment.isoformat()}]))
)


@few()
@given(st.lists(configs, min_size=1, max_size=3), st.lists(outputs, min_size=1, max_size=4))
@example([{"workshopDays": 366}], ["no JSON"])
def test_no_setting_and_no_answer_of_the_backend_stops_the_other_stacks(
    found: list[dict[str, object]], said: list[str]
) -> None:
    answers = list(said)

    def run(asked: Sequence[str], shown: bool) -> Done:  # noqa: FBT001  as the real one
        assert asked
        answers.append(answers.pop(0))
        return Done(0 if not shown else len(answers) % 2, answers[0])

    with tempfile.TemporaryDirectory() as folder, taken_or_explained(), pytest.MonkeyPatch.context() as patch:
        play_pulumi(patch)
        names = write(Path(folder), **{f"s{number}": each for number, each in enumerate(found)})
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
