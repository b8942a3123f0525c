"""`make mirror`: fills a folder with all charts, and a list of all images, for a network without the internet."""

import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import NamedTuple, TypeVar
from urllib.parse import urljoin

import requests
import yaml
from rich.console import Console

from charts.definitions import SECONDS_TO_CONNECT, fetch, reason
from charts.sources import MADE_HERE, PUBLISHED, archive_name
from clients import limits
from clients.limits import finish_within
from model.charts import Part
from model.images import CHART_IMAGES, OWN_IMAGES, ChartImage
from model.json_values import at, entries, text
from model.problem import InputError, Problem, SilenceError

IMAGES = "images.txt"
AT_ONCE = 8
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
"""Indexes come first: the digest covers all architectures where there is an index."""
DOCKER_HUB, DOCKER_HUB_API = "docker.io", "registry-1.docker.io"
_LOOPBACK = ("127.0.0.1", "localhost")
"""Registries there speak plain HTTP, as for Docker."""
TIMES = (SECONDS_TO_CONNECT, limits.SECONDS)
_FIX = "Run it again on a machine that reaches it."
_T = TypeVar("_T")
_R = TypeVar("_R")


class Chart(NamedTuple):
    """The parts of an archive that name its images."""

    values: object
    metadata: object


def fill(folder: Path, console: Console) -> None:
    """Fill the folder.

    Raises InputError with all failures; what was downloaded stays there. Nothing is asked for after a server that does
    not answer: the others would be waited for as long.
    """
    folder.mkdir(parents=True, exist_ok=True)
    charts, problems = _each(partial(_archive, folder), list(Part))
    found, more = _each(lambda part: list(chart_images(part, charts[part])), list(charts))
    images = sorted({*OWN_IMAGES, *(image for several in found.values() for image in several)})
    digests, missing = _each(digest, images)
    if problems := [*problems, *more, *missing]:
        raise InputError(problems)
    (folder / IMAGES).write_text("".join(f"{image} {digests[image]}\n" for image in images), encoding="utf-8")
    done = f"{len(charts)} charts are in {folder}, and {len(images)} images with their digests in {folder / IMAGES}."
    console.print(done, markup=False, highlight=False, soft_wrap=True)


def _each(ask: Callable[[_T], _R], about: Sequence[_T]) -> tuple[dict[_T, _R], list[Problem]]:
    """Apply a slow function to all items in parallel; return the results by item, and the problems of the others."""
    answers, problems, silence = dict[_T, _R](), list[Problem](), Event()

    def attempt(each: _T) -> None:
        if silence.is_set():
            return
        try:
            answers[each] = ask(each)
        except InputError as error:
            problems.extend(error.problems)
            if isinstance(error, SilenceError):
                silence.set()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(attempt, about))
    if silence.is_set():
        raise SilenceError(problems)
    return answers, problems


def _archive(folder: Path, part: Part) -> Chart:
    """Put a part's archive into the folder, unless the published one is there; return its content."""
    if part in MADE_HERE:
        MADE_HERE[part].download(folder)
        return Chart({}, {})
    version, repository = PUBLISHED[part]
    index, archive = f"{repository}/index.yaml", folder / archive_name(part)
    url, checksum = _find_release(index, part, version)
    content = archive.read_bytes() if archive.is_file() else b""
    if sha256(content).hexdigest() != checksum:
        content = _get(url)
        if sha256(content).hexdigest() != checksum:
            raise _failed(url, f"its sha256 is not {checksum}", f"that is what {index} says")
        archive.write_bytes(content)
    return _read(content, url)


def _find_release(index: str, part: Part, version: str) -> tuple[str, str]:
    """Return the address and the checksum of a chart's archive, as a repository's index has them."""
    try:
        # Linkerd's index has megabytes: PyYAML's own parser takes a minute for them.
        document: object = yaml.load(_get(index), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _failed(index, "it is no index of a chart repository", "charts are found through it") from None
    found = next((each for each in entries(document, "entries", part) if text(each, "version") == version), None)
    urls, checksum = entries(found, "urls"), text(found, "digest")
    if not urls or not checksum:
        raise _failed(index, f"it has no {part} {version}", "that is the version in versions.py")
    return urljoin(index, str(urls[0])), checksum


def _read(content: bytes, url: str) -> Chart:
    try:
        with tarfile.open(fileobj=BytesIO(content)) as archive:
            documents: dict[str, object] = {
                entry.name.partition("/")[2]: yaml.safe_load(file)
                for entry in archive
                if re.fullmatch(r"[^/]+/(values|Chart)\.yaml", entry.name) and (file := archive.extractfile(entry))
            }
        return Chart(documents["values.yaml"], documents["Chart.yaml"])
    except (tarfile.TarError, OSError, EOFError, LookupError, ValueError, RecursionError, yaml.YAMLError):
        raise _failed(url, "it is no archive of a chart", "the images are named in it") from None


def chart_images(part: Part, chart: Chart) -> Iterator[str]:
    """Yield the images of a chart, each with its tag. Raises InputError if the chart has them in another place."""
    for each in CHART_IMAGES.get(part, ()):
        upstream = text(chart.values, *each.value.split("."))
        if upstream != each.upstream:
            found = f"{each.value} is '{upstream}'"
            raise _failed(f"chart {part}", found, f"images.py has '{each.upstream}' there", "Correct CHART_IMAGES.")
        host = upstream.partition("/")[0]
        prefix = "" if "." in host or ":" in host else f"{DOCKER_HUB}/"
        for name in each.names:
            yield f"{prefix}{upstream}{name}:{_tag(each, chart)}"


def _tag(image: ChartImage, chart: Chart) -> str:
    """Return the tag of a chart's image: its value, or the chart's default."""
    tag = at(chart.values, *image.tag.split(".")) if image.tag else None
    return str(tag) if tag else image.default_tag.format(version=at(chart.metadata, "appVersion") or "")


def digest(image: str) -> str:
    """Return the digest of an image in its registry. Raises InputError if the registry does not answer with one."""
    name, _, tag = image.rpartition(":")
    host, _, repository = name.partition("/")
    scheme = "http" if host.partition(":")[0] in _LOOPBACK else "https"
    url = f"{scheme}://{DOCKER_HUB_API if host == DOCKER_HUB else host}/v2/{repository}/manifests/{tag}"
    rule = "its registry has to report its digest"
    try:
        answer = finish_within(limits.SECONDS, partial(_manifest, url, repository))
    except TimeoutError:
        raise _not_had(image, requests.Timeout(), rule) from None
    except requests.RequestException as error:
        raise _not_had(image, error, rule) from None
    found = answer.headers.get("Docker-Content-Digest", "")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", found):
        raise _failed(image, "its registry reports no digest", "the list names one for each image")
    return found


def _manifest(url: str, repository: str) -> requests.Response:
    headers, ask = {"Accept": MANIFESTS}, partial(requests.head, timeout=TIMES, allow_redirects=True)
    answer = ask(url, headers=headers)
    if answer.status_code == requests.codes.unauthorized:
        # The address after redirections: credentials are not sent on to another host.
        headers["Authorization"] = f"Bearer {_token(answer, repository)}"
        answer = ask(answer.url, headers=headers)
    answer.raise_for_status()
    return answer


def _token(refusal: requests.Response, repository: str) -> str:
    """Return the anonymous token for reading a repository; empty if the registry requires something else."""
    kind, _, details = refusal.headers.get("WWW-Authenticate", "").partition(" ")
    wanted = dict[str, str](re.findall(r'(\w+)="([^"]*)"', details)) if kind.lower() == "bearer" else {}
    realm = wanted.pop("realm", None)
    if not realm:
        return ""
    query = {"scope": f"repository:{repository}:pull", **wanted}
    answer = requests.get(realm, params=query, timeout=TIMES)
    answer.raise_for_status()
    try:
        found: object = answer.json()
    except (ValueError, RecursionError):
        return ""
    return text(found, "token") or text(found, "access_token")


def _get(url: str) -> bytes:
    try:
        return fetch(url)
    except requests.RequestException as error:
        raise _not_had(url, error, "the mirror is filled from it") from None


def _not_had(where: str, error: requests.RequestException, rule: str) -> InputError:
    kind = SilenceError if isinstance(error, requests.Timeout) else InputError
    return kind([Problem(where, f"it cannot be fetched ({reason(error)})", rule, _FIX)])


def _failed(where: str, found: str, rule: str, fix: str = _FIX) -> InputError:
    return InputError([Problem(where, found, rule, fix)])
