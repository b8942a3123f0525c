"""A filled mirror: charts as their repositories publish them, and every image with its digest."""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

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
from tests.doubles.http_server import QuietHandler, serving_http
from tests.program import ON_EKS, run_program
from workshop import fill_mirror

DIGEST = fill_mirror.digest
TOKEN = "a-token-that-anybody-gets"


@dataclass
class Site:
    """A web server with chart repositories, files of definitions, and a registry that requires a token."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    digests: dict[str, str] = field(default_factory=dict[str, str])
    """By path below /v2/."""
    url: str = ""
    asked: list[str] = field(default_factory=list[str])


class _Handler(QuietHandler, BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.site.asked.append(self.path)
        if path == "/token":
            is_right = "scope=repository%3A" in query and "service=me" in query
            self.send(200 if is_right else 400, f'{{"token": "{TOKEN}"}}'.encode())
        else:
            self.send(200 if path in self.site.files else 404, self.site.files.get(path, b""))

    def do_HEAD(self) -> None:
        self.site.asked.append(self.path)
        found = self.site.digests.get(self.path, "")
        if self.headers["Authorization"] == f"Bearer {TOKEN}":
            self.send(200 if found else 404, b"", {"Docker-Content-Digest": found})
        else:
            self.send(401, b"", {"WWW-Authenticate": f'Bearer realm="{self.site.url}/token",service="me"'})


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
    printed = io.StringIO()
    fill_mirror.fill(folder, Console(file=printed, width=300))
    return printed.getvalue()


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    site, source = Site(), tmp_path / "published"
    source.mkdir()
    with serving_http(_Handler, site=site) as port:
        site.url = f"http://127.0.0.1:{port}"
        publish(site, source, monkeypatch)
        in_one_registry(site, monkeypatch)
        yield site


def test_the_program_takes_every_chart_from_the_folder_which_lists_each_image_with_its_digest(
    published: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = fill(tmp_path / "mirror")

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
    assert f"{len(lines)} images" in printed
    published.files.clear()
    found = sources.find(str(tmp_path / "mirror"), Part)
    assert {Path(source["chart"]).name for source in found.values()} == {*map(sources.archive_name, Part)}


def test_a_second_run_fetches_only_what_is_damaged(published: Site, tmp_path: Path) -> None:
    fill(tmp_path / "mirror")
    (tmp_path / "mirror" / sources.archive_name(Part.ARGO_CD)).write_bytes(b"damaged")
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

    (said,) = refusal(tmp_path / "mirror")
    assert f"{published.url}/charts/{name}: its sha256 is not" in said
    assert not (tmp_path / "mirror" / name).exists()


@pytest.mark.parametrize("index", [b"", b"[]", b"{a: ", b"entries: {argo-cd: [{version: 1}]}", b"\xff", b"[" * 5000])
def test_an_index_that_cannot_be_read_is_reported(published: Site, tmp_path: Path, index: bytes) -> None:
    published.files["/charts/index.yaml"] = index

    for said in refusal(tmp_path / "mirror"):
        assert said.startswith(f"{published.url}/charts/index.yaml: it ")


def test_every_failed_download_is_reported_at_once(
    published: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = published.url.removeprefix("http://")
    del published.files["/definitions/a.yaml"]
    monkeypatch.setattr(fill_mirror, "OWN_IMAGES", ("127.0.0.1:1/gone/image:1", f"{host}/nobody/none:1"))
    monkeypatch.setattr(fill_mirror, "CHART_IMAGES", {})
    monkeypatch.setattr(fill_mirror, "digest", DIGEST)
    said = "\n".join(refusal(tmp_path / "mirror"))

    assert "127.0.0.1:1/gone/image:1: it cannot be fetched (ConnectionError)" in said
    assert f"{host}/nobody/none:1: it cannot be fetched (HTTP status 404)" in said
    assert "/definitions/a.yaml: it cannot be fetched" in said


def test_a_chart_with_images_from_elsewhere_is_reported() -> None:
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
def test_a_mirror_holds_an_image_at_its_path(image: str, there: str) -> None:
    assert mirrored(image, MIRROR) == there
    assert mirrored(image, None) == image


def test_every_chart_gets_the_mirror_and_keeps_its_other_values() -> None:
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
