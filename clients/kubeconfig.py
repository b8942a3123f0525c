"""Chooses cluster and user by kubectl's rules, once for the provider and for our own client.

The rules are those of client-go's `clientcmd`: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import yaml
from pydantic import TypeAdapter

from model.json_values import at, entries, is_mapping, mapping, text
from model.names import PROJECT
from model.problem import InputError, Problem
from model.sandbox_only import check_target

Document = dict[str, object]
_DOCUMENT = TypeAdapter(Document)
_ENTRIES = TypeAdapter(list[Document])

FILES = {"cluster": ("certificate-authority",), "user": ("client-certificate", "client-key", "tokenFile")}
"""The keys that name files, relative to that of the kubeconfig."""
EXEC_API, EXEC_BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
INTERACTIVE_MODES = ("Never", "IfAvailable", "Always")
AGAIN = "Fetch the kubeconfig again."
DEFAULT = "the default kubeconfig"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""The folder in a pod with its token and its cluster's authority."""
_FIX = f"Set the right file with `pulumi config set {PROJECT}:kubeconfig <path>`, or start the sandbox."


@dataclass(frozen=True)
class Advice:
    """Remedies where a cluster does not let the user in, as far as they depend on how the cluster is reached."""

    login: str = "Install it or log in again, until `kubectl get namespaces` works."
    """The login helper fails."""
    silence: str = "Check that it runs, that the address is right, and that VPN, proxy and firewall let you through."
    """Nobody answers."""
    stranger: str = "Log in again until `kubectl get namespaces` works, or choose another context."
    """The server does not know the credentials."""


@dataclass(frozen=True)
class Kubeconfig:
    """One cluster, and one user of it."""

    document: Mapping[str, object]
    """A kubeconfig with nothing else in it; the files that it names have absolute paths."""
    where: str
    """Its name in messages."""
    advice: Advice = field(default_factory=Advice)
    provider: str | None = None
    """The path with which the provider reads the same cluster and user; None if it needs the document instead."""

    @property
    def cluster(self) -> Document:
        """The cluster's entry."""
        return _first(self.document, "cluster")

    @property
    def user(self) -> Document:
        """The user's entry; empty if nobody is named."""
        return _first(self.document, "user")

    @property
    def impersonates(self) -> list[tuple[str, str]]:
        """The headers by which the user impersonates another."""
        user = self.user
        headers = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
        headers += [("Impersonate-Group", group) for group in entries(user, "as-groups")]
        for key in mapping(user.get("as-user-extra")):
            name = f"Impersonate-Extra-{quote(key.lower(), safe='')}"
            headers += [(name, value) for value in entries(user, "as-user-extra", key)]
        return [(name, value) for name, value in headers if isinstance(value, str) and value]

    @property
    def contents(self) -> str:
        """The document as text (JSON, which is YAML), equal for equal input. It may hold the user's credentials."""
        return json.dumps(self.document, sort_keys=True)


def find(path: str | None, context: str | None) -> Kubeconfig:
    """Return the kubeconfig that a path and a context choose; None means kubectl's default.

    Raises InputError if they choose none.
    """
    if path and any(mark in path for mark in ("{", "apiVersion", "clusters:")):  # not repeated: it holds credentials
        raise InputError([Problem(f"{PROJECT}:kubeconfig", "it holds a kubeconfig's contents", "it is a path", _FIX)])
    # Unlike Path's own, these functions answer for any user and path.
    named = Path(os.path.expanduser(path)) if path else None  # noqa: PTH111
    where = str(named or DEFAULT)
    if named and not os.path.exists(named):  # noqa: PTH110
        raise InputError([Problem(where, "there is no such kubeconfig", "the cluster is found through it", _FIX)])
    check_target(os.path.realpath(named) if named else "", "the stack's kubeconfig")
    files = [_File(each) for each in ([named] if named else _default_files()) if os.path.exists(each)]  # noqa: PTH110
    chosen = context or next((each.current_context for each in files if each.current_context), "")
    if not chosen or not files:
        if not chosen and not named and (in_cluster := _in_cluster()):
            return in_cluster
        found = "it has no current-context" if files else "there is no such kubeconfig"
        raise InputError([Problem(where, found, "the cluster is found through it", _FIX)])
    contexts = _merged(files, "contexts")
    if chosen not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        fix = f"Set one with `pulumi config set {PROJECT}:context <name>`."
        found, rule = "there is no such context", f"the known ones are {known}"
        raise InputError([Problem(f"{where}, context '{chosen}'", found, rule, fix)])
    document, is_absolute = _minified(files, chosen, where)
    # The provider reads relative paths in a kubeconfig as relative to its own folder.
    provider = (path if is_absolute else None) if named else ""
    return Kubeconfig(document, where, provider=provider)


class _File:
    """One kubeconfig file. Raises InputError if it does not have a kubeconfig's structure."""

    def __init__(self, path: Path) -> None:
        self.path, self.folder = path, path.absolute().parent
        try:
            document = _DOCUMENT.validate_python(yaml.load(path.read_text(encoding="utf-8"), _Loader) or {})  # noqa: S506
        except OSError as error:
            raise self.unusable(error.strerror or "it cannot be read") from None
        except yaml.MarkedYAMLError as error:  # its text quotes the file
            line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
            raise self.unusable(f"it is no YAML{line}") from None
        except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError):
            raise self.unusable("it is no YAML mapping") from None
        if (document.get("kind") or "Config", document.get("apiVersion") or "v1") != ("Config", "v1"):
            raise self.unusable("its kind is not Config, or its apiVersion not v1")
        self._document = document
        current = document.get("current-context") or ""
        if not isinstance(current, str):
            raise self.unusable("its current-context is no text")
        self.current_context = current

    def section(self, key: str) -> dict[str, Document]:
        """Return the entries of a list by their names."""
        try:
            found, kind = _ENTRIES.validate_python(self._document.get(key) or []), key.removesuffix("s")
            named = {str(each["name"]): _DOCUMENT.validate_python(each.get(kind) or {}) for each in found}
        except (ValueError, KeyError):
            raise self.unusable(f"its {key} are not a list of names and mappings") from None
        if len(named) < len(found):
            raise self.unusable(f"two of its {key} have the same name")
        return named

    def unusable(self, found: str) -> InputError:
        """Return the error that names this file."""
        rule = "it has to name a cluster and a user"
        return InputError([Problem(str(self.path), f"it cannot be used ({found})", rule, _FIX)])


class _Loader(yaml.SafeLoader):
    """Leaves timestamps as text, as the provider reads them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _default_files() -> list[Path]:
    listed = os.environ.get("KUBECONFIG")
    if not listed:
        return [Path.home() / ".kube" / "config"]
    return [Path(each) for each in dict.fromkeys(listed.split(os.pathsep)) if each]


def _merged(files: Sequence[_File], key: str) -> dict[str, tuple[_File, Document]]:
    """Return a list's entries by name, each with the first file that has it."""
    found = dict[str, tuple[_File, Document]]()
    for each in files:
        for name, entry in each.section(key).items():
            found.setdefault(name, (each, entry))
    return found


def _minified(files: Sequence[_File], chosen: str, where: str) -> tuple[Document, bool]:
    """Return the document of one context, and whether all files that it names had absolute paths."""
    file, context = _merged(files, "contexts")[chosen]
    document: Document = {"apiVersion": "v1", "kind": "Config", "current-context": chosen}
    document["contexts"] = [{"name": chosen, "context": context}]
    is_absolute = True
    for kind in FILES:
        name = context.get(kind) or ""
        entries = _merged(files, f"{kind}s")
        if not isinstance(name, str) or (name and name not in entries) or (kind == "cluster" and not name):
            raise file.unusable(f"context '{chosen}' names the {kind} '{name}', which is not there")
        if name:
            origin, entry = entries[name]
            absolute = _absolute(origin, kind, entry)
            is_absolute = is_absolute and absolute == entry
            document[f"{kind}s"] = [{"name": name, kind: absolute}]
    found = Kubeconfig(document, where)
    if problems := [Problem(where, *fault) for fault in _faults(found.cluster, found.user)]:
        raise InputError(problems)
    return document, is_absolute


def _absolute(file: _File, kind: str, entry: Mapping[str, object]) -> Document:
    """Return a cluster or a user whose files have absolute paths."""
    found = dict(entry)
    for key in FILES[kind]:
        path = entry.get(key)
        if path and not isinstance(path, str):
            raise file.unusable(f"the {key} of a {kind} is no path")
        if isinstance(path, str) and path:
            found[key] = os.path.normpath(file.folder / path)
    command = text(entry, "exec", "command")
    if os.sep in command:  # another one is found in PATH
        found["exec"] = {**mapping(entry["exec"]), "command": os.path.normpath(file.folder / command)}
    return found


def _faults(cluster: Mapping[str, object], user: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Yield what kubectl and the provider would refuse in the entries: the finding, the rule and the fix."""
    authority = cluster.get("certificate-authority-data") or cluster.get("certificate-authority")
    if cluster.get("insecure-skip-tls-verify") and authority:
        rule = "kubectl takes one of them only"
        yield "its cluster has an authority and insecure-skip-tls-verify", rule, "Remove insecure-skip-tls-verify."
    for entry, kind in ((cluster, "cluster"), (user, "user")):
        for key in FILES[kind]:
            if not (path := text(entry, key)) or entry.get(f"{key}-data"):
                continue
            if not os.path.exists(path) or not os.access(path, os.R_OK):  # noqa: PTH110  for any path, as above
                yield f"its {key} {path} cannot be read", "the way to the cluster needs it", AGAIN
    name = at(user, "auth-provider", "name")
    if name and name != "oidc":
        rule = "kubectl and the provider know none but oidc since 1.26"
        fix = f"{AGAIN} The cloud's login helper (`exec`) has taken its place."
        yield f"its user has the auth-provider '{name}'", rule, fix
    if is_mapping(user.get("exec")):
        if name:
            rule = "kubectl takes one of them only"
            yield "its user has both an `exec` and an auth-provider", rule, "Remove one of them."
        yield from _faults_of_helper(at(user, "exec", "apiVersion"), at(user, "exec", "interactiveMode"))


def _faults_of_helper(version: object, mode: object) -> Iterator[tuple[str, str, str]]:
    if version and version not in (EXEC_API, EXEC_BETA):
        rule, fix = f"kubectl knows {EXEC_API} and {EXEC_BETA}", f"Update the helper. {AGAIN}"
        yield f"its `exec` has the apiVersion '{version}'", rule, fix
    elif version == EXEC_API and not mode:
        fix = "Add `interactiveMode: IfAvailable` to it, or fetch the kubeconfig again."
        yield "its `exec` names no interactiveMode", f"{EXEC_API} requires it", fix
    if mode and mode not in INTERACTIVE_MODES:
        rule = f"kubectl knows {', '.join(INTERACTIVE_MODES)}"
        yield f"its `exec` has the interactiveMode '{mode}'", rule, f"Correct it. {AGAIN}"


def _in_cluster() -> Kubeconfig | None:
    """Return the cluster that this program runs in as a pod; None if it does not."""
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    token, authority = SERVICE_ACCOUNT / "token", SERVICE_ACCOUNT / "ca.crt"
    if not host or not port or not token.is_file():
        return None
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster: Document = {"server": server, "certificate-authority": str(authority)}
    document = create_document("in-cluster", cluster, {"tokenFile": str(token)})
    return Kubeconfig(document, "the pod's service account", provider="")


def create_document(name: str, cluster: Document, user: Document) -> Document:
    """Return a kubeconfig with nothing but one cluster and one user, whose context has the same name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
    }


def _first(document: Mapping[str, object], kind: str) -> Document:
    return dict(mapping(at(next(iter(entries(document, f"{kind}s")), None), kind)))
