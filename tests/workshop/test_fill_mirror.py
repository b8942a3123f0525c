"""Filling a mirror: charts as their repositories publish them, and every image with its digest."""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from rich.console import Console

from charts import archive as chart_archive
from charts import definitions, sources
from charts.definitions import DefinitionChart
from charts.sources import PUBLISHED, Part
from model import images
from model.images import CHART_IMAGES, OWN_IMAGES, mirrored, with_registry
from model.problem import InputError
from sandbox import paths
from settings import Settings
from tests.program import ON_EKS, run_program
from workshop import fill_mirror

DIGEST = fill_mirror.digest
TOKEN = "a-token-that-anybody-gets"


@dataclass
class Site:
    """A web server with chart repositories, files of definitions, and a registry that wants a token."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    digests: dict[str, str] = field(default_factory=dict[str, str])
    """By path below /v2/."""
    url: str = ""
    asked: list[str] = field(default_factory=list[str])


class Handler(BaseHTTPRequestHandler):
    """Answers for a site."""

    site: Site

    def do_GET(self) -> None:
        """Hand out a file, or a token."""
        path, _, query = self.path.partition("?")
        self.site.asked.append(self.path)
        if path == "/token":
            is_right = "scope=repository%3A" in query and "service=me" in query
            self._answer(200 if is_right else 400, f'{{"token": "{TOKEN}"}}'.encode())
        else:
            self._answer(200 if path in self.site.files else 404, self.site.files.get(path, b""))

    def do_HEAD(self) -> None:
        """Tell a digest to those who have a token."""
        self.site.asked.append(self.path)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(401, b"", **{"WWW-Authenticate": f'Bearer realm="{self.site.url}/token",service="me"'})
        elif found := self.site.digests.get(self.path):
            self._answer(200, b"", **{"Docker-Content-Digest": found})
        else:
            self._answer(404, b"")

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site()
    monkeypatch.setattr(Handler, "site", made, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        yield made
        server.shutdown()


def publish(site: Site, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Put the doubles of all charts, some definitions and all images on the site, and have the program look there."""
    entries = dict[str, list[dict[str, object]]]()
    for part, (version, _) in PUBLISHED.items():
        archive = chart_archive.write(folder, chart_archive.folder_files(paths.CHART_DOUBLES / part))
        content = archive.read_bytes()
        site.files[f"/charts/{archive.name}"] = content
        digest = hashlib.sha256(content).hexdigest()
        entries[part.value] = [
            {"version": "0.0.1", "urls": ["old.tgz"], "digest": "0"},
            {"version": version, "urls": [archive.name], "digest": digest, "created": "2026-01-01T00:00:00Z"},
        ]
    site.files["/charts/index.yaml"] = yaml.safe_dump({"apiVersion": "v1", "entries": entries}).encode()
    there = {part: (version, f"{site.url}/charts") for part, (version, _) in PUBLISHED.items()}
    patch.setattr(fill_mirror, "PUBLISHED", there)
    definition = b"kind: CustomResourceDefinition\n"
    site.files["/definitions/a.yaml"] = definition
    patch.setattr(definitions, "CHECKSUMS", folder)
    charts = dict[Part, DefinitionChart]()
    for part, real in sources.MADE_HERE.items():
        (folder / f"{part}.sha256").write_text(f"{hashlib.sha256(definition).hexdigest()}  a.yaml\n")
        charts[part] = replace(real, source=f"{site.url}/definitions")
    patch.setattr(fill_mirror, "MADE_HERE", charts)


def in_one_registry(site: Site, patch: pytest.MonkeyPatch) -> None:
    """Have every image asked of the site's registry."""
    real, host = fill_mirror.digest, site.url.removeprefix("http://")

    def digest(image: str) -> str:
        name, _, tag = mirrored(image, host).partition("/")[2].rpartition(":")
        site.digests[f"/v2/{name}/manifests/{tag}"] = "sha256:" + hashlib.sha256(image.encode()).hexdigest()
        return real(mirrored(image, host))

    patch.setattr(fill_mirror, "digest", digest)


def fill(folder: Path) -> str:
    console = Console(file=io.StringIO(), width=300)
    fill_mirror.fill(folder, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def published(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    source = tmp_path / "published"
    source.mkdir()
    publish(site, source, monkeypatch)
    in_one_registry(site, monkeypatch)
    return site


def test_a_folder_gets_every_chart_and_each_image_with_its_digest(published: Site, tmp_path: Path) -> None:
    told = fill(tmp_path / "mirror")

    names = {path.name for path in (tmp_path / "mirror").iterdir()}
    assert names == {*map(sources.archive_name, Part), "images.txt"}
    lines = dict(line.split() for line in (tmp_path / "mirror/images.txt").read_text().splitlines())
    assert set(OWN_IMAGES) < set(lines)
    assert "docker.io/prom/prometheus:v2.55.1" in lines
    assert "quay.io/argoproj/argo-rollouts:v1.9.3" in lines
    assert {image.rpartition(":")[0] for image in lines} > {
        *(f"cr.l5d.io/linkerd/{name}" for name in ("controller", "proxy", "metrics-api", "tap", "web")),
        *("quay.io/argoproj/argocd", "ecr-public.aws.com/docker/library/redis"),
        *("public.ecr.aws/eks/aws-load-balancer-controller", "registry.k8s.io/external-dns/external-dns"),
    }
    assert all(lines[image] == "sha256:" + hashlib.sha256(image.encode()).hexdigest() for image in lines)
    assert f"{len(lines)} images" in told
    assert published.asked


def test_the_folder_is_a_mirror_that_the_program_takes(
    published: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "mirror")
    monkeypatch.chdir(tmp_path)
    published.files.clear()

    found = sources.find(str(tmp_path / "mirror"), Part)
    assert {Path(source["chart"]).name for source in found.values()} == {*map(sources.archive_name, Part)}


def test_what_is_there_already_is_not_fetched_again(published: Site, tmp_path: Path) -> None:
    fill(tmp_path / "mirror")
    (tmp_path / "mirror" / sources.archive_name(Part.ARGO_CD)).write_bytes(b"torn")
    published.asked.clear()
    fill(tmp_path / "mirror")

    assert [path for path in published.asked if path.endswith(".tgz")] == [
        f"/charts/{sources.archive_name(Part.ARGO_CD)}"
    ]


def refusal(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        fill_mirror.fill(folder, Console(file=io.StringIO()))
    assert not (folder / "images.txt").exists()
    return [str(problem) for problem in caught.value.problems]


def test_an_archive_with_another_digest_is_refused(published: Site, tmp_path: Path) -> None:
    name = sources.archive_name(Part.LINKERD_VIZ)
    published.files[f"/charts/{name}"] += b"x"

    (told,) = refusal(tmp_path / "mirror")
    assert f"{published.url}/charts/{name}: its sha256 is not" in told
    assert not (tmp_path / "mirror" / name).exists()


@pytest.mark.parametrize("index", [b"", b"[]", b"{a: ", b"entries: {argo-cd: [{version: 1}]}", b"\xff", b"[" * 5000])
def test_whatever_an_index_is_it_is_told_in_a_sentence(published: Site, tmp_path: Path, index: bytes) -> None:
    published.files["/charts/index.yaml"] = index

    for told in refusal(tmp_path / "mirror"):
        assert told.startswith(f"{published.url}/charts/index.yaml: it ")


def test_everything_that_cannot_be_had_is_told_at_once(
    published: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del published.files["/definitions/a.yaml"]
    monkeypatch.setattr(fill_mirror, "OWN_IMAGES", ("127.0.0.1:1/gone/image:1",))
    monkeypatch.setattr(fill_mirror, "CHART_IMAGES", {})
    monkeypatch.setattr(fill_mirror, "digest", DIGEST)
    told = refusal(tmp_path / "mirror")

    assert any(re.match(r"127.0.0.1:1/gone/image:1: it cannot be had \(ConnectionError\)", each) for each in told)
    assert any("/definitions/a.yaml: it cannot be had" in each for each in told)


def test_an_image_that_its_registry_does_not_have_is_told(site: Site) -> None:
    host = site.url.removeprefix("http://")
    with pytest.raises(InputError, match=r"it cannot be had \(HTTP status 404\)"):
        fill_mirror.digest(f"{host}/nobody/none:1")


def test_a_chart_that_has_its_images_elsewhere_is_told() -> None:
    chart = fill_mirror.Chart({"image": {"repository": "elsewhere.example.com/dns"}}, {})
    with pytest.raises(InputError, match=r"images.py has 'registry.k8s.io/external-dns/external-dns' there"):
        list(fill_mirror.chart_images(Part.EXTERNAL_DNS, chart))


MIRROR = "registry.example.com:5000/mirror"


@pytest.mark.parametrize(
    ("image", "there"),
    [
        ("docker.io/library/nginx:1.29.1", f"{MIRROR}/library/nginx:1.29.1"),
        ("cr.l5d.io/linkerd/proxy", f"{MIRROR}/linkerd/proxy"),
        ("127.0.0.1:5000/x", f"{MIRROR}/x"),
        ("prom", f"{MIRROR}/prom"),
        ("quay.io", MIRROR),
    ],
)
def test_a_mirror_has_an_image_under_its_path(image: str, there: str) -> None:
    assert mirrored(image, MIRROR) == there
    assert mirrored(image, None) == image


def test_every_chart_is_told_the_mirror_and_keeps_its_other_values() -> None:
    values = {"proxy": {"resources": {}, "image": {"version": "1"}}}
    found = with_registry(values, "linkerd-control-plane", MIRROR)

    assert found["proxy"] == {"resources": {}, "image": {"version": "1", "name": f"{MIRROR}/linkerd/proxy"}}
    assert found["controllerImage"] == f"{MIRROR}/linkerd/controller"
    assert with_registry(values, "linkerd-control-plane", None) == values
    assert set(CHART_IMAGES) == {part.value for part in PUBLISHED} - {"linkerd-crds"}


def texts(value: object) -> set[str]:
    """Return every text in the inputs of a resource."""
    return set(re.findall(r'"([^"\\]*)"', json.dumps(value, default=lambda each: getattr(each, "value", str(each)))))


def test_one_setting_moves_every_image_of_the_whole_program() -> None:
    config = {**ON_EKS, "imageRegistry": MIRROR, "delivery": '{"argoCd": {"enabled": true}}'}
    deployment = run_program(config)
    found = {text for each in deployment.registrations for text in texts(each.inputs)}
    hosts = {
        image.partition("/")[0] for image in (*OWN_IMAGES, *(e.upstream for c in CHART_IMAGES.values() for e in c))
    }

    assert {mirrored(image, MIRROR) for image in images.OWN_IMAGES if "1.7.1" not in image} <= found
    assert {mirrored(each.upstream, MIRROR) for several in CHART_IMAGES.values() for each in several} <= found
    assert {text for text in found if text.partition("/")[0] in hosts and "/" in text} == set()
    assert not any("rollout-extension" in text for text in found), "its archive is on GitHub"


@pytest.mark.parametrize(
    "registry", ["https://registry.example.com", "registry.example.com/", "UPPER.example.com", "a b"]
)
def test_a_registry_is_a_name_without_scheme(registry: str) -> None:
    with pytest.raises(ValueError, match="imageRegistry"):
        Settings.model_validate({"imageRegistry": registry})
