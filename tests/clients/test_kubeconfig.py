"""Which cluster and which user is meant is decided by kubectl's rules; where kubectl is installed, it confirms that."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from pulumi import Output
from pydantic import TypeAdapter

from clients import kubeconfig as reading
from clients.cluster_api import ClusterApi, check_connection
from clients.kubeconfig import Kubeconfig, find
from preflight.cluster import Facts
from preflight.startup import Start
from settings import Settings
from stack.cluster import cluster_args
from tests.doubles.faulty_servers import VERSION, raw_server
from tests.doubles.workshop_certificates import Pair
from tests.engine import deploy
from tests.fuzzing import CANARY, catch_problem

_DOCUMENT = TypeAdapter(dict[str, object])


def document(context: str, contexts: Mapping[str, object], **more: Mapping[str, object]) -> dict[str, object]:
    """Return a kubeconfig with this current context, and with clusters and users by their names."""
    kinds = {"context": contexts, "cluster": more.get("clusters", {}), "user": more.get("users", {})}
    lists = {f"{kind}s": [{"name": name, kind: named[name]} for name in named] for kind, named in kinds.items()}
    return {"current-context": context, **lists}


KEYS = {"client-certificate": "../keys/c.crt", "client-key": "../keys/c.key"}
IN_ONE = {"cluster": "c", "user": "u"}
SERVER_A = {"server": "https://a:6443", "certificate-authority": "ca.crt"}
ONE = document("one", {"one": {**IN_ONE, "namespace": "ns"}}, clusters={"c": SERVER_A}, users={"u": KEYS})
TWO = document(
    "two",
    {"one": {"cluster": "only-b", "user": "v"}, "two": {"cluster": "c", "user": "v"}},
    clusters={
        "c": {"server": "https://b:6443", "insecure-skip-tls-verify": True},
        "only-b": {"server": "https://only-b", "tls-server-name": "api", "proxy-url": "socks5://p:1"},
    },
    users={"v": {"token": CANARY}, "u": {"tokenFile": "token"}},
)
CONTEXTS = {"contexts": [{"name": "two", "context": IN_ONE}], "current-context": ""}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folders `a`, `b` and `keys`, and nothing by default."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("a", "b", "c", "keys"):
        (tmp_path / name).mkdir()
    for name in ("a/ca.crt", "keys/c.crt", "keys/c.key", "b/token"):
        (tmp_path / name).write_text(f"content of {name}\n", encoding="utf-8")
    for name, document in (("a", ONE), ("b", TWO), ("c", CONTEXTS)):
        (tmp_path / name / "config").write_text(yaml.safe_dump(document), encoding="utf-8")
    (tmp_path / "a/empty").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flattened(document: Mapping[str, object]) -> dict[str, object]:
    """Return a document with the contents of the files that it names, as `kubectl config view --flatten` prints it."""
    found = json.loads(json.dumps(document))
    for kind in ("cluster", "user"):
        for entry in found.get(f"{kind}s", []):
            for key in ("certificate-authority", "client-certificate", "client-key"):
                if path := entry[kind].pop(key, None):
                    assert Path(path).is_absolute()
                    entry[kind][f"{key}-data"] = base64.b64encode(Path(path).read_bytes()).decode()
    return _DOCUMENT.validate_python(found)


ROWS = [
    ("a/config", None, "one", "https://a:6443", "u"),
    ("a/config:b/config", None, "one", "https://a:6443", "u"),
    ("b/config:a/config", None, "two", "https://b:6443", "v"),
    ("b/config:a/config", "one", "one", "https://only-b", "v"),
    ("nowhere:a/config", None, "one", "https://a:6443", "u"),
    ("a/empty:a/config", None, "one", "https://a:6443", "u"),
    ("::a/config:a/config:", None, "one", "https://a:6443", "u"),
    ("c/config:a/config", None, "one", "https://a:6443", "u"),
    ("c/config:a/config", "two", "two", "https://a:6443", "u"),
]


@pytest.mark.parametrize(("listed", "context", "chosen", "server", "user"), ROWS)
@pytest.mark.usefixtures("folder")
def test_a_list_of_kubeconfigs_is_merged_as_kubectl_does(  # noqa: PLR0913, PLR0917
    monkeypatch: pytest.MonkeyPatch, listed: str, context: str | None, chosen: str, server: str, user: str
) -> None:
    monkeypatch.setenv("KUBECONFIG", listed)
    found = find(None, context)
    users = TypeAdapter(list[dict[str, object]]).validate_python(found.document["users"])

    assert (found.document["current-context"], found.cluster["server"]) == (chosen, server)
    assert _DOCUMENT.validate_python(yaml.safe_load(found.contents)) == found.document
    assert [each["name"] for each in users] == [user]
    confirm(found, context)


def confirm(found: Kubeconfig, context: str | None) -> None:
    """Compare with kubectl, if there is one."""
    program = shutil.which("kubectl")
    if program is None:
        return
    command = [program, "config", "view", "--minify", "--flatten", "--output=json"]
    command += [f"--context={context}"] if context else []
    done = subprocess.run(command, capture_output=True, check=True, env=os.environ)
    oracle = json.loads(done.stdout)
    oracle.pop("preferences", None)
    assert flattened(found.document) == oracle


def write_config(folder: Path, change: Mapping[str, object]) -> None:
    (folder / "a/config").write_text(yaml.safe_dump({**ONE, **change}), encoding="utf-8")


V1 = "client.authentication.k8s.io/v1"


@pytest.mark.parametrize(
    ("helper", "command"),
    [
        ({"apiVersion": V1, "command": "./bin/helper", "interactiveMode": "Never"}, "{}/a/bin/helper"),
        ({"apiVersion": V1, "command": "aws", "interactiveMode": "IfAvailable"}, "aws"),
        ({"apiVersion": f"{V1}beta1", "command": "/usr/bin/aws"}, "/usr/bin/aws"),
    ],
)
def test_a_login_helper_is_looked_for_beside_its_kubeconfig_unless_it_is_in_path(
    folder: Path, helper: dict[str, str], command: str
) -> None:
    write_config(folder, {"users": [{"name": "u", "user": {"exec": helper}}]})

    assert find("a/config", None).user["exec"] == {**helper, "command": command.format(folder)}


def test_the_default_kubeconfig_is_the_users_own(folder: Path) -> None:
    own = folder / "home/.kube/config"
    own.parent.mkdir(parents=True)
    own.write_text(yaml.safe_dump(TWO), encoding="utf-8")

    assert find(None, None).cluster["server"] == "https://b:6443"


def helped(version: str = "v1", provider: object = None, **helper: str) -> dict[str, object]:
    """Return what has the user log in by a helper."""
    helper = {"apiVersion": V1.replace("v1", version), "command": "aws", **helper}
    return {"users": [{"name": "u", "user": {"exec": helper, **({"auth-provider": provider} if provider else {})}}]}


def in_context(**context: str) -> dict[str, object]:
    return {"contexts": [{"name": "one", "context": context}]}


def cluster(**more: object) -> dict[str, object]:
    properties = {key.replace("_", "-"): value for key, value in more.items()}
    return {"clusters": [{"name": "c", "cluster": {"server": "https://a", **properties}}]}


GCP = {"auth-provider": {"name": "gcp", "config": {"x": CANARY}}}
REFUSED: list[tuple[dict[str, object], str]] = [
    (in_context(cluster="c", user="nobody"), "the user 'nobody'"),
    (in_context(cluster="nowhere"), "the cluster 'nowhere'"),
    (in_context(), "the cluster ''"),
    ({"contexts": [{"name": "one"}, {"name": "one"}]}, "two of its contexts have the same name"),
    ({"users": [{"user": {}}]}, "its users are not a list"),
    ({"contexts": 7}, "its contexts are not a list"),
    ({"clusters": {"c": {}}}, "its clusters are not a list"),
    ({"current-context": 7}, "current-context"),
    ({"current-context": ""}, "it has no current-context"),
    ({"kind": "Pod"}, "kind"),
    ({"apiVersion": "v2"}, "apiVersion"),
    (cluster(certificate_authority="none.crt"), "cannot be read"),
    (cluster(certificate_authority="ca.crt", insecure_skip_tls_verify=True), "insecure-skip-tls-verify"),
    ({"users": [{"name": "u", "user": GCP}]}, "'gcp'"),
    (helped(), "names no interactiveMode"),
    (helped(interactiveMode=""), "names no interactiveMode"),
    (helped("v1alpha1"), "apiVersion 'client.authentication.k8s.io/v1alpha1'"),
    (helped("v1beta1", interactiveMode="Sometimes"), "interactiveMode 'Sometimes'"),
    (helped(interactiveMode="Never", provider={"name": "oidc"}), "both an `exec` and an auth-provider"),
]


@pytest.mark.parametrize(("change", "found"), REFUSED)
def test_a_kubeconfig_that_kubectl_refuses_is_reported(folder: Path, change: dict[str, object], found: str) -> None:
    write_config(folder, change)

    assert found in catch_problem(lambda: find("a/config", None)).found


@pytest.mark.parametrize("content", [f"token: {CANARY}\nx: [".encode(), b"\xff\xfe\x00", b"text", b"- 1"])
def test_one_unreadable_file_of_a_list_is_reported_by_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (folder / "b/config").write_bytes(content)
    monkeypatch.setenv("KUBECONFIG", "a/config:b/config")

    problem = catch_problem(lambda: find(None, None))
    assert problem.where == "b/config"
    assert b"\n" not in content or "line 2" in problem.found


@pytest.mark.parametrize(
    ("path", "context", "expected"),
    [
        ("none", None, "none: there is no such kubeconfig, *pulumi config set linkerd-workshop:kubeconfig*"),
        *((None, each, "the default kubeconfig: there is no such kubeconfig, *") for each in (None, "my-context")),
        ("a", None, "a: it cannot be used (*"),
        ("a/config", "nowhere", "a/config, context 'nowhere': there is no such context, but the known ones are one. *"),
        *(
            (each, None, "linkerd-workshop:kubeconfig: it holds a kubeconfig's contents, *")
            for each in (json.dumps(TWO), f"apiVersion: v1\nx: [{CANARY}]")
        ),
        *(
            (each, None, "*: there is no such kubeconfig, *")
            for each in ("x" * 5000, "a\0b", "~nobody-of-this-name/x", "a/config/x")
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_kubeconfig_or_context_that_is_not_there_is_reported(
    path: str | None, context: str | None, expected: str
) -> None:
    text = str(catch_problem(lambda: find(path, context)))

    assert fnmatchcase(text, expected), text


def start(path: str | None, context: str | None = None) -> Start:
    settings = Settings.model_validate({"kubeconfig": path, "context": context})
    return Start(settings, Facts("uid", frozenset()), {}, find(path, context))


def test_the_provider_is_given_the_path_that_it_reads_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(ONE).replace('"ca.crt"', f'"{folder}/a/ca.crt"').replace('"../', f'"{folder}/')
    (folder / "a/absolute").write_text(text, encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", "a/config:b/config")

    assert cluster_args(start("a/absolute"), "dev").get("kubeconfig") == "a/absolute", "no key gets into the state"
    assert cluster_args(start(None), "dev").get("kubeconfig") == "", "it reads the variable itself"


def test_the_provider_is_given_absolute_paths_in_place_of_those_that_it_would_not_find(folder: Path) -> None:
    given: list[object] = []
    # Within a deployment: an Output that is created outside of one keeps later deployments of this process waiting.
    deploy(lambda: given.append(cluster_args(start("a/config"), "dev").get("kubeconfig")))

    assert isinstance(given[0], Output)  # a secret: other kubeconfigs hold keys
    found = find("a/config", None)
    assert found.cluster == {"server": "https://a:6443", "certificate-authority": f"{folder}/a/ca.crt"}
    assert found.user == {"client-certificate": f"{folder}/keys/c.crt", "client-key": f"{folder}/keys/c.key"}


def test_a_pod_finds_its_own_cluster(folder: Path, monkeypatch: pytest.MonkeyPatch, authority: Pair) -> None:
    (folder / "keys/ca.crt").write_text(authority.pem, encoding="utf-8")
    (folder / "keys/token").write_text(f"{CANARY}\n", encoding="utf-8")
    monkeypatch.setattr(reading, "SERVICE_ACCOUNT", folder / "keys")

    with raw_server(VERSION, tls=authority.issue("api").server()) as server:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", server.url.rpartition(":")[2])
        check_connection(ClusterApi(None))
        assert cluster_args(start(None), "dev").get("kubeconfig") == ""  # client-go looks there as well

    assert f"authorization: Bearer {CANARY}\r\n".encode() in server.asked[0]
    monkeypatch.setenv("KUBECONFIG", "a/config")
    assert find(None, None).cluster["server"] == "https://a:6443", "a kubeconfig comes first"
