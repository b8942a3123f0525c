"""Handouts: a page without secrets for each attendee, and a login that ends with the workshop."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typing_extensions import override

from clients import pulumi_cli
from clients.cluster_api import Answer, ClusterApi
from model.problem import InputError
from settings import Settings
from settings.loading import parse
from tests.doubles.api_server import Cluster, serving
from tests.doubles.drain_double import always
from tests.recorded_values import at
from workshop import handouts

ENDS = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
COMMANDS = {
    "booksapp": "kubectl -n ada port-forward svc/webapp 7000",
    "podinfo": "kubectl -n ada port-forward svc/frontend-podinfo 9898",
    "circuitBreaking": "kubectl -n ada logs deploy/slow-cooker -c service -f",
    "progressiveDelivery": "kubectl -n ada logs deployment/client --follow",
}
PUBLIC = {"booksapp": "https://ada-books.example.com/", "podinfo": "https://ada-podinfo.example.com/"}


def settings(**others: object) -> Settings:
    return parse({"attendees": {"names": ["ada"]}, **others})


def page(urls: Mapping[str, str], **others: object) -> str:
    return handouts.compose_page(settings(**others), "dev", "ada", urls, ENDS)


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.*)$", text, flags=re.MULTILINE)


def test_a_page_has_the_exercises_of_the_demos_that_the_attendee_has() -> None:
    assert headings(page(COMMANDS)) == [
        "Log in",
        "booksapp: inject faults",
        "podinfo: route by a header",
        "circuit breaking: take out a failing endpoint",
        "progressive delivery: run a canary",
        "When something is broken",
    ]
    assert headings(page({"podinfo": COMMANDS["podinfo"]})) == [
        "Log in",
        "podinfo: route by a header",
        "When something is broken",
    ]


def test_commands_ask_the_public_host_or_a_forwarded_port() -> None:
    assert "curl -sX POST localhost:9898/echo" in page(COMMANDS)
    assert f"\n{COMMANDS['booksapp']}\n" in page(COMMANDS)
    assert "curl -sX POST https://ada-podinfo.example.com/echo" in page(COMMANDS | PUBLIC)
    assert "port-forward" not in page(COMMANDS | PUBLIC)


@pytest.mark.parametrize("urls", [COMMANDS, COMMANDS | PUBLIC], ids=["ports", "public hosts"])
def test_a_command_has_no_comment_which_zsh_would_take_for_arguments(urls: Mapping[str, str]) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", page(urls), flags=re.DOTALL | re.MULTILINE)

    assert len(blocks) > 5
    assert [line for block in blocks for line in block.splitlines() if re.search(r"(^|\s)#", line)] == []


def test_a_page_says_what_the_settings_say() -> None:
    demos = {
        "booksapp": {"faultPercent": 25, "routeApi": "policy.linkerd.io"},
        "podinfo": {"headerName": "x-b3-traceid", "headerValue": "blue"},
        "progressiveDelivery": {"version": "1.7.1"},
    }
    found = page(COMMANDS, demos=demos, imageRegistry="registry.example.com/mirror", viz={"enabled": False})

    for expected in (
        "sends 25 % of the requests",
        "kubectl patch httproutes.policy.linkerd.io error-split",
        "-H 'x-b3-traceid: blue'",
        "registry.example.com/mirror/stefanprodan/podinfo:1.7.0",
        "The login ends on 2026-12-01 18:00 UTC",
        "`make reset STACK=dev ATTENDEE=ada`",
    ):
        assert expected in found
    assert "linkerd viz" not in found


class Html(HTMLParser):
    """Collects the elements that are open at the end, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.text, self.links = list[str](), "", list[str]()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "!doctype"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_html_is_complete_and_needs_no_other_file() -> None:
    html = Html()
    html.feed(handouts.render_html("<ada>", page(COMMANDS)))

    assert html.open == []
    assert "<ada>" in html.text
    assert html.links == ["https://linkerd.io/getting-started/"]
    assert "kubectl annotate service bb balancer.linkerd.io/failure-accrual-\n" in html.text


TOKEN = "a-token-that-nobody-may-see"
NAMES = ("ada", "alan", "barbara", "grace")
ISSUED = {"status": {"token": TOKEN, "expirationTimestamp": "2026-12-01T18:00:00Z"}}
Json = dict[str, object]
NOTHING: Json = {}
Write = Callable[..., tuple[str, Json]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Return a function that writes handouts on one cluster; what it printed, and the last request for a token."""
    with serving(Cluster(), tmp_path) as kubeconfig:

        def call(answer: Mapping[str, object] = ISSUED, status: int = 201, **others: object) -> tuple[str, Json]:
            out, chosen, asked = StringIO(), settings(**{"kubeconfig": str(kubeconfig), **others}), Json()

            def post(_: ClusterApi, path: str, body: Mapping[str, object]) -> Answer:
                assert path.endswith("/serviceaccounts/attendee/token")
                asked.update(body, path=path)
                return Answer(status, dict(answer), ENDS, "")

            monkeypatch.setattr(ClusterApi, "post", post)
            handouts.write_handouts(chosen, "dev", tmp_path / "out", 24, Console(file=out, width=400))
            return out.getvalue(), asked

        monkeypatch.setattr(pulumi_cli, "read_outputs", always({"attendees": dict.fromkeys(NAMES, COMMANDS)}))
        yield call


def content(path: Path) -> set[str]:
    return {each.name for each in path.iterdir()} if path.is_dir() else set()


def test_a_login_is_a_file_of_its_own_that_nobody_else_can_read(tmp_path: Path, write: Write) -> None:
    printed, asked = write()
    kubeconfig = tmp_path / "out" / "ada" / "kubeconfig"
    content = json.loads(kubeconfig.read_text())

    assert asked["path"] == "/api/v1/namespaces/ada/serviceaccounts/attendee/token"
    assert kubeconfig.stat().st_mode & 0o777 == 0o600
    assert kubeconfig.parent.stat().st_mode & 0o777 == 0o700
    assert content["users"] == [{"name": "ada", "user": {"token": TOKEN}}]
    assert content["contexts"][0]["context"]["namespace"] == "ada"
    assert set(content["clusters"][0]["cluster"]) <= {"server", "certificate-authority-data"}
    assert "2026-12-01 18:00" in printed
    for other in (tmp_path / "out").rglob("handout.*"):
        assert TOKEN not in other.read_text()
    assert TOKEN not in printed


@pytest.mark.parametrize(("left", "hours"), [(2, 2), (90, 24)])
def test_a_login_ends_with_the_workshop_at_the_latest(
    monkeypatch: pytest.MonkeyPatch, write: Write, left: int, hours: int
) -> None:
    def end(_: date) -> datetime:
        return datetime.now(UTC) + timedelta(hours=left)

    monkeypatch.setattr(handouts, "end_of_day", end)
    _, asked = write(workshopEnds="2027-01-31")

    assert int(str(at(asked, "spec", "expirationSeconds"))) == pytest.approx(hours * 3600, abs=60)


def test_without_a_last_day_a_login_lasts_as_long_as_asked(write: Write) -> None:
    _, asked = write()

    assert at(asked, "spec", "expirationSeconds") == 24 * 3600


def add_foreign_files(out: Path, elsewhere: Path) -> None:
    """Add what handouts did not write: files, kubeconfigs of others, and a link in place of an attendee's folder."""
    (out / "alan" / "notes.txt").touch()
    (out / "readme.txt").touch()
    (out / "empty").mkdir()
    for name, old, new in (("copy", "", ""), ("other", "127.0.0.1", "192.0.2.1"), ("admin", '"workshop"', '"w"')):
        shutil.copytree(out / "grace", out / name)
        kubeconfig = (out / "grace" / "kubeconfig").read_text().replace(old, new)
        (out / name / "kubeconfig").write_text(kubeconfig.replace('"grace"', f'"{name}"') if old else kubeconfig)
    shutil.copytree(out / "grace", elsewhere / "grace")
    shutil.rmtree(out / "grace")
    (out / "grace").symlink_to(elsewhere / "grace")


def test_the_folders_of_former_attendees_are_removed_and_no_foreign_file(tmp_path: Path, write: Write) -> None:
    out = tmp_path / "out"
    write(attendees={"names": [*NAMES]})
    add_foreign_files(out, tmp_path / "elsewhere")
    printed, _ = write()

    files = {"kubeconfig", "handout.md", "handout.html"}
    assert {each.name: content(each) for each in out.iterdir()} == {
        **dict.fromkeys(("ada", "admin", "copy", "grace", "other"), files),
        "alan": {"notes.txt"},
        "empty": set(),
        "readme.txt": set(),
    }
    assert re.findall("^Removed.*$", printed, re.MULTILINE) == [
        f"Removed the handout in {out}/alan: the stack has no such attendee any more. Other files in it stay.",
        f"Removed the handout in {out}/barbara: the stack has no such attendee any more.",
    ]


def test_without_attendees_the_folders_of_the_former_ones_are_removed(tmp_path: Path, write: Write) -> None:
    write(attendees={"names": ["ada", "alan"]})
    printed, asked = write(attendees=NOTHING, workshopEnds="2020-01-01")

    assert asked == {}, "no login is issued"
    assert [*(tmp_path / "out").iterdir()] == []
    assert printed.splitlines() == [
        f"Removed the handout in {tmp_path}/out/{name}: the stack has no such attendee any more."
        for name in ("ada", "alan")
    ]


@pytest.mark.parametrize("taken", ["out", "out/ada"])
def test_a_folder_that_cannot_be_used_is_reported_before_a_login_is_issued(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).touch()
    monkeypatch.setattr(handouts, "issue_login", always(None))

    with pytest.raises(NotADirectoryError) as caught:
        write()
    assert caught.value.filename == f"{tmp_path}/{taken}"


PREVENTED: list[tuple[tuple[Mapping[str, object], int], Json, str]] = [
    ((NOTHING, 404), NOTHING, "the attendee has no account"),
    (({"message": "no"}, 403), NOTHING, "no"),
    (({"status": NOTHING}, 201), NOTHING, "its answer holds no token"),
    ((ISSUED, 201), {"workshopEnds": "2020-01-01"}, "the workshop is over"),
    ((ISSUED, 201), {"attendees": NOTHING}, "its settings name no attendees"),
    ((ISSUED, 201), {"attendees": {"names": ["ada", "mary"]}}, "the last `up` did not create mary"),
]


@pytest.mark.parametrize(("answered", "others", "sentence"), PREVENTED, ids=[each[-1] for each in PREVENTED])
def test_what_prevents_handouts_is_one_sentence_and_no_file(
    tmp_path: Path, write: Write, answered: tuple[Mapping[str, object], int], others: Json, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        write(*answered, **others)

    assert [problem.found for problem in caught.value.problems] == [sentence]
    assert not (tmp_path / "out").exists()
