"""The command `handouts`: a page, a login and a row of the operator's table for each attendee."""

import json
import re
from base64 import b64encode
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from tempfile import TemporaryFile

from markdown_it import MarkdownIt
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from clients import pulumi_cli
from clients.cluster_api import ClusterApi, check_connection, refusal
from clients.clusters import find_kubeconfig
from clients.kubeconfig import Kubeconfig
from model.images import mirrored
from model.json_values import entries, text
from model.moments import end_of_day
from model.names import ATTENDEE_ACCOUNT, PROJECT
from model.problem import InputError, Problem
from settings import Settings, parts
from versions import CANARY_REPOSITORY, CANARY_VERSIONS
from workshop.terminal import build_table, print_text

OUTPUT = "attendees"
PAGE = Path(__file__).with_name("handout.md")
AN_HOUR = 3600
SHORTEST = 600
"""Seconds; the API server issues no shorter token."""
SHARED = ("server", "certificate-authority-data", "tls-server-name", "insecure-skip-tls-verify")
FILES = ("kubeconfig", "handout.md", "handout.html")
"""The files of an attendee's folder."""
PORTS = {"booksapp": 7000, "podinfo": 9898}
"""The port on the attendee's machine where a demo answers that has no public host."""
_URLS = TypeAdapter(dict[str, dict[str, str]])
_KUBECONFIG = TypeAdapter(dict[str, object])
_STYLE = """\
body {
  max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
pre { padding: .8rem; background: #f3f4f6; border-radius: .4rem; white-space: pre-wrap }
@media print {
  body { margin: 0; max-width: none }
  pre { border: 1px solid #bbb; break-inside: avoid }
  h2 { break-after: avoid }
}
"""


@dataclass(frozen=True)
class Login:
    """A login that was issued."""

    kubeconfig: str
    """The contents of a kubeconfig, with the token in it."""
    ends: datetime


def write_handouts(settings: Settings, stack: str, folder: Path, hours: int, console: Console) -> int:
    """Write a folder for each attendee, remove those of former ones, and print a table.

    Raises InputError with what prevents it.
    """
    if not parts.attendees(settings):
        return _remove_all(settings, stack, folder, console)
    urls = _read_urls(settings, stack)
    kubeconfig, seconds = find_kubeconfig(settings), _count_seconds(settings, hours)
    api, cluster = ClusterApi(kubeconfig), share_cluster(kubeconfig)
    check_connection(api)
    for each in (folder, *(folder / name for name in urls)):
        _check_folder(each)  # before a login is issued that could not be given to anybody
    logins = {name: issue_login(api, cluster, stack, name, seconds) for name in urls}
    folder.mkdir(parents=True, exist_ok=True)
    for name, login in logins.items():
        own = folder / name
        own.mkdir(mode=0o700, exist_ok=True)
        secret, source, html = (own / file for file in FILES)
        _write_secret(secret, login.kubeconfig)
        page = compose_page(settings, stack, name, urls[name], login.ends)
        source.write_text(page, encoding="utf-8")
        html.write_text(render_html(f"Your workshop: {name}", page), encoding="utf-8")
    rows = [(name, f"{logins[name].ends:%Y-%m-%d %H:%M}", "\n".join(urls[name].values())) for name in urls]
    console.print(
        build_table(f"Attendees of stack {stack}", ("attendee", "login ends (UTC)", "where the demos answer"), rows)
    )
    print_text(console, f"Give each the folder {folder}/<name>: its kubeconfig is a login, so over a private channel.")
    _remove_former(folder, urls, cluster, console)
    return 0


def _remove_all(settings: Settings, stack: str, folder: Path, console: Console) -> int:
    """Remove the handouts of a stack without attendees. Raises InputError if there are none."""
    if not _remove_former(folder, (), share_cluster(find_kubeconfig(settings)), console):
        command = f"pulumi config set --path '{PROJECT}:attendees.count' 20"
        found, fix = "its settings name no attendees", f"Set them with `{command}`, and run `make up STACK={stack}`."
        raise InputError([Problem(f"stack {stack}", found, "a handout is for one", fix)])
    return 0


def _check_folder(folder: Path) -> None:
    """Raise OSError if a folder cannot be written to, or cannot be created."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        TemporaryFile(dir=existing).close()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from None


def _remove_former(folder: Path, names: Container[str], cluster: Mapping[str, object], console: Console) -> bool:
    """Remove the handouts of all attendees but `names`, and print each; return whether there was one."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    former = [each for each in found if each.name not in names and _is_handout(each, cluster)]
    for each in former:
        print_text(console, _remove_handout(each))
    return bool(former)


def _is_handout(path: Path, cluster: Mapping[str, object]) -> bool:
    """Return whether handouts wrote this folder, for an attendee of the same cluster."""
    if path.is_symlink() or not path.is_dir():
        return False
    try:
        found = _KUBECONFIG.validate_json((path / "kubeconfig").read_bytes())
    except (OSError, ValidationError):
        return False
    token = next((text(user, "user", "token") for user in entries(found, "users")), "")
    return found == json.loads(_compose_kubeconfig(cluster, path.name, token))


def _remove_handout(folder: Path) -> str:
    """Remove the files that handouts writes, and the folder if it is empty then; return the message."""
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    removed = f"Removed the handout in {folder}: the stack has no such attendee any more."
    if any(folder.iterdir()):
        return f"{removed} Other files in it stay."
    folder.rmdir()
    return removed


def _read_urls(settings: Settings, stack: str) -> dict[str, dict[str, str]]:
    """Return the URL or the command of each attendee's demos, from the outputs of the last `up`."""
    try:
        found = _URLS.validate_python(pulumi_cli.read_outputs(stack).get(OUTPUT) or {})
    except ValidationError:
        found = {}
    missing = [name for name in parts.attendees(settings) if name not in found]
    if missing:
        seen = f"the last `up` did not create {', '.join(missing)}"
        rule, fix = "a handout says where to look", f"Run `make up STACK={stack}`."
        raise InputError([Problem(f"stack {stack}, output {OUTPUT}", seen, rule, fix)])
    return {name: found[name] for name in parts.attendees(settings)}


def _count_seconds(settings: Settings, hours: int) -> int:
    """Return for how long the logins last: `hours`, or until the workshop's end if that is earlier."""
    last, now = settings.workshop_ends, datetime.now(UTC)
    left = (end_of_day(last) - now).total_seconds() if last else hours * AN_HOUR
    if left < SHORTEST:
        fix = f"Change it with `pulumi config set {PROJECT}:workshopEnds <YYYY-MM-DD>`."
        raise InputError([Problem(f"{PROJECT}:workshopEnds", "the workshop is over", "logins end with it", fix)])
    return int(min(hours * AN_HOUR, left))


def share_cluster(kubeconfig: Kubeconfig) -> dict[str, object]:
    """Return a kubeconfig's entry of the cluster with its authority in it, and nothing of the operator's machine."""
    found = kubeconfig.cluster
    shared = {key: found[key] for key in SHARED if key in found}
    if path := found.get("certificate-authority"):
        shared["certificate-authority-data"] = b64encode(Path(str(path)).read_bytes()).decode()
    return shared


def issue_login(api: ClusterApi, cluster: Mapping[str, object], stack: str, name: str, seconds: int) -> Login:
    """Ask the API server for a token of an attendee that ends after `seconds`, or earlier if the server says so."""
    path = f"/api/v1/namespaces/{name}/serviceaccounts/{ATTENDEE_ACCOUNT}/token"
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": seconds},
    }
    answer = api.post(path, request)
    token, ends = text(answer.body, "status", "token"), text(answer.body, "status", "expirationTimestamp")
    reason = refusal(answer) or ("" if token and ends else "its answer holds no token")
    if answer.status == HTTPStatus.NOT_FOUND:
        reason = "the attendee has no account"
    if reason:
        fix = (
            f"Run `make up STACK={stack}`, and ask for the right `create` on `serviceaccounts/token` if it is missing."
        )
        raise InputError([Problem(f"{api.address}, namespace {name}", reason, "a token of it is the login", fix)])
    return Login(_compose_kubeconfig(cluster, name, token), datetime.fromisoformat(ends))


def _compose_kubeconfig(entry: Mapping[str, object], name: str, token: str) -> str:
    cluster = "workshop"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": dict(entry)}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": cluster, "user": name, "namespace": name}}],
        "current-context": name,
    }
    return json.dumps(document, indent=2)


def _write_secret(path: Path, contents: str) -> None:
    """Write a file that only its owner can read, also where it exists already."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(contents, encoding="utf-8")


def compose_page(settings: Settings, stack: str, name: str, urls: Mapping[str, str], ends: datetime) -> str:
    """Return an attendee's page as Markdown, with a section for each demo in `urls`. It holds no secret."""
    head, *sections = re.split(r"^<!-- (\w+) -->\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    chosen = {*urls, "end", *(["metrics"] if settings.viz.enabled else [])}
    wanted = [body for key, body in zip(sections[::2], sections[1::2], strict=True) if key in chosen]
    page = "\n\n".join(each.strip("\n") for each in (head, *wanted)) + "\n"
    return Template(page).substitute(_names(settings, stack, name, ends) | _doors(urls))


def _names(settings: Settings, stack: str, name: str, ends: datetime) -> dict[str, str]:
    demos, version = settings.demos, settings.demos.progressive_delivery.version
    next_version = next(each for each in reversed(CANARY_VERSIONS) if each != version)
    return {
        "name": name,
        "ends": f"{ends:%Y-%m-%d %H:%M}",
        "viz": parts.VIZ,
        "fault": str(demos.booksapp.fault_percent),
        "books_route": f"httproutes.{demos.booksapp.route_api}",
        "podinfo_route": f"httproutes.{demos.podinfo.route_api}",
        "header": demos.podinfo.header_name,
        "value": demos.podinfo.header_value,
        "failures": str(demos.circuit_breaking.breaker.max_failures),
        "version": version,
        "next_version": next_version,
        "next_image": mirrored(f"{CANARY_REPOSITORY}:{next_version}", settings.image_registry),
        "reset": f"make reset STACK={stack} ATTENDEE={name}",
    }


def _doors(urls: Mapping[str, str]) -> dict[str, str]:
    """Return where the demos answer, and the sentences that say how to open them."""
    doors = dict[str, str]()
    for demo, port in PORTS.items():
        url = urls.get(demo, "")
        public = url.startswith("http")
        doors[f"{demo}_url"] = url.rstrip("/") if public else f"localhost:{port}"
        # No comment behind a command: zsh, the shell of macOS, takes it for arguments.
        forward = f"Forward a port to it, leave that running, and open another terminal:\n\n```sh\n{url}\n```"
        doors[f"{demo}_start"] = f"A browser shows it at <{url}>." if public else forward
    return doors


def render_html(title: str, page: str) -> str:
    """Return a page of Markdown as HTML that needs no other file, for a phone and for paper."""
    body = MarkdownIt().render(page)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>\n{_STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
