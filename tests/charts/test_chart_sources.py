"""Where charts come from, and what is said where they cannot be fetched."""

import gzip
import io
import tarfile
import time
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import pytest
import requests

from charts import archive, definitions, sources
from charts.definitions import GATEWAY_API_CRDS, DefinitionChart
from charts.sources import MADE_HERE, Part
from model.problem import InputError, Problem
from versions import GATEWAY_API, LINKERD_CHART

LINKERD = [f"{name}-{LINKERD_CHART}.tgz" for name in ("linkerd-crds", "linkerd-control-plane")]
ARCHIVES = [*LINKERD, f"gateway-api-crds-{GATEWAY_API}.tgz"]
OF_LINKERD = [Part.LINKERD_CRDS, Part.LINKERD_CONTROL_PLANE]
PARTS = [*OF_LINKERD, Part.GATEWAY_API_CRDS]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty project folder the one that the program runs in."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CHART_MIRROR", raising=False)
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no download through."""

    def refuse(url: str, **_: object) -> NoReturn:
        raise requests.ConnectionError(url)

    monkeypatch.setattr(requests, "get", refuse)


def packed(chart: bytes) -> bytes:
    """Return an archive with this Chart.yaml."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        entry = tarfile.TarInfo("x/Chart.yaml")
        entry.size = len(chart)
        archive.addfile(entry, io.BytesIO(chart))
    return content.getvalue()


def mirror(folder: Path, names: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        chart, _, version = name.removesuffix(".tgz").rpartition("-")
        archive.write(folder, {"Chart.yaml": f"name: {chart}\nversion: {version}\n".encode()})
    return folder


def problems(path: Path | str | None) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        sources.find(str(path) if path else None, PARTS)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        gzip.compress(b"not a tar", mtime=0),
        packed(b"[" * 5000),
        packed(b"name: linkerd-crds\nversion: 1\n"),
        None,
    ],
    ids=["empty", "a page", "no tar", "nested too deeply", "another version", "a folder"],
)
def test_an_archive_that_is_none_of_the_chart_is_refused_before_helm_sees_it(
    tmp_path: Path, content: bytes | None
) -> None:
    folder = mirror(tmp_path / "a", ARCHIVES[1:])
    if content is None:
        (folder / LINKERD[0]).mkdir()
    else:
        (folder / LINKERD[0]).write_bytes(content)

    (problem,) = problems(folder)
    wrong = f"{LINKERD[0]} is not the archive of that chart and version"
    assert problem.found == (f"it lacks {LINKERD[0]}" if content is None else wrong)


def test_a_mirror_gives_every_chart_by_a_path_that_does_not_name_the_mirror(tmp_path: Path) -> None:
    found = sources.find(str(mirror(tmp_path / "a", ARCHIVES)), PARTS)

    assert found == {
        Part.LINKERD_CRDS: {"chart": f".charts/linkerd-crds-{LINKERD_CHART}.tgz"},
        Part.LINKERD_CONTROL_PLANE: {"chart": f".charts/linkerd-control-plane-{LINKERD_CHART}.tgz"},
        Part.GATEWAY_API_CRDS: {"chart": f".charts/gateway-api-crds-{GATEWAY_API}.tgz"},
    }
    assert sources.find(str(mirror(tmp_path / "b", ARCHIVES)), PARTS) == found


def test_the_archives_are_the_mirrors_also_after_they_changed_there(tmp_path: Path, project: Path) -> None:
    folder = mirror(tmp_path / "a", ARCHIVES)
    sources.find(str(folder), PARTS)
    chart = f"name: linkerd-crds\nversion: {LINKERD_CHART}\n".encode()
    newer = archive.write(folder, {"Chart.yaml": chart, "values.yaml": b"newer: true\n"}).read_bytes()
    sources.find(str(folder), PARTS)

    assert (project / ".charts" / LINKERD[0]).read_bytes() == newer
    assert sorted(path.name for path in (project / ".charts").iterdir()) == sorted(ARCHIVES)


def test_a_mirror_that_is_named_by_the_environment_is_used_unless_the_setting_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHART_MIRROR", str(mirror(tmp_path / "a", ARCHIVES)))

    assert "repository" not in sources.find(None, PARTS)[Part.LINKERD_CRDS]
    assert "nowhere" in problems(tmp_path / "nowhere")[0].where


def test_all_archives_that_a_mirror_lacks_are_one_problem_with_the_command_that_brings_them(tmp_path: Path) -> None:
    folder = mirror(tmp_path / "a b", [LINKERD[0]])
    (problem,) = problems(folder)

    assert problem.found == f"it lacks {', '.join(ARCHIVES[1:])}"
    assert f"`make mirror FOLDER='{folder}'`" in problem.fix
    assert "chartMirror" in problem.fix
    assert list(sources.find(str(mirror(tmp_path / "b", LINKERD)), OF_LINKERD)) == OF_LINKERD, "no other part is missed"


def test_a_mirror_that_is_no_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for path in (tmp_path / "file", tmp_path / "none"):
        (problem,) = problems(path)
        assert problem.found == "the folder is not there"
        assert "`make mirror FOLDER=" in problem.fix


def test_without_a_mirror_linkerd_comes_from_its_repository_in_the_pinned_version() -> None:
    found = sources.find(None, OF_LINKERD)

    pinned = {"version": LINKERD_CHART, "repository": "https://helm.linkerd.io/edge"}
    assert found[Part.LINKERD_CRDS] == {"chart": "linkerd-crds", **pinned}
    assert found[Part.LINKERD_CONTROL_PLANE] == {"chart": "linkerd-control-plane", **pinned}


def test_definitions_that_cannot_be_downloaded_are_reported_with_their_address_and_the_workaround() -> None:
    problem = problems(None)[0]

    assert problem.where.startswith("https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/")
    assert problem.found == "it cannot be fetched (ConnectionError)"
    assert f"gateway-api-crds-{GATEWAY_API}.tgz" in problem.fix


def test_a_chart_that_was_made_before_is_not_downloaded_again(project: Path) -> None:
    (project / ".charts").mkdir()
    (project / ".charts" / ARCHIVES[2]).write_bytes(b"chart")

    assert sources.find(None, PARTS)[Part.GATEWAY_API_CRDS] == {"chart": f".charts/{ARCHIVES[2]}"}


DEFINITIONS = {"a.yaml": b"kind: A\n", "b.yaml": b"kind: B # {{ braces }}\n"}


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two small definitions be the published ones."""
    sums = "".join(f"{sha256(each).hexdigest()}  {name}\n" for name, each in DEFINITIONS.items())
    (tmp_path / "gateway-api-crds.sha256").write_text(sums)
    monkeypatch.setattr(definitions, "CHECKSUMS", tmp_path)


@pytest.mark.usefixtures("published")
def test_equal_definitions_make_equal_bytes_at_any_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = GATEWAY_API_CRDS.write(tmp_path / "one", DEFINITIONS).read_bytes()
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    turned = dict(reversed(DEFINITIONS.items()))

    assert GATEWAY_API_CRDS.write(tmp_path / "two", turned).read_bytes() == first, "or every run changes the release"


@pytest.mark.usefixtures("published")
def test_the_chart_hands_definitions_over_as_they_were_published(tmp_path: Path) -> None:
    content = gzip.decompress(GATEWAY_API_CRDS.write(tmp_path, DEFINITIONS).read_bytes())
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        members = {name: tar.extractfile(name) for name in tar.getnames()}
        read = {name: member.read() for name, member in members.items() if member}

    assert read["gateway-api-crds/crds-as-published/b.yaml"] == DEFINITIONS["b.yaml"]
    assert f"version: {GATEWAY_API}".encode() in read["gateway-api-crds/Chart.yaml"]
    assert not [name for name in read if "/crds/" in name], "Helm would never update nor delete them"
    assert b"braces" not in read["gateway-api-crds/templates/definitions.yaml"]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("wrong", [{"a.yaml": b"kind: A\n"}, {**DEFINITIONS, "b.yaml": b"kind: Evil\n"}, {}])
def test_definitions_that_are_not_the_published_ones_are_refused(tmp_path: Path, wrong: dict[str, bytes]) -> None:
    with pytest.raises(InputError, match="sha256"):
        GATEWAY_API_CRDS.write(tmp_path, wrong)
    assert list(tmp_path.glob("*.tgz")) == []


@pytest.mark.parametrize("chart", MADE_HERE.values(), ids=lambda chart: chart.name)
def test_every_definition_is_pinned_by_its_checksum(chart: DefinitionChart) -> None:
    checksums = chart.checksums()

    assert {len(checksum) for checksum in checksums.values()} == {64}
    assert len(checksums) >= 2
    assert chart.version in chart.source, "or a new version would be made of old files"


def test_every_part_has_a_chart_that_can_be_found() -> None:
    assert set(Part) == {*MADE_HERE, *sources.PUBLISHED}
