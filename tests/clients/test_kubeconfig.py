"""Which cluster and which user is meant is decided by kubectl's rules; where kubectl is installed, it confirms that."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from pulumi import Output
from pydantic import TypeAdapter

from clients import kubeconfig as reading
from clients.cluster_api import ClusterApi, check_connection
from clients.kubeconfig import Kubeconfig, find
from model.problem import InputError, Problem
from preflight.cluster import Facts
from preflight.startup import Start
from settings import Settings
from stack.cluster import cluster_args
from tests.doubles.api_server import kubeconfig
from tests.doubles.faulty_servers import ANSWER, Authority, answer, listening, server_context
from tests.engine import deploy

_DOCUMENT = TypeAdapter(dict[str, object])
CANARY = "canary-2f6c"

ONE = {
    "current-context": "one",
    "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "ns"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://a:6443", "certificate-authority": "ca.crt"}}],
    "users": [{"name": "u", "user": {"client-certificate": "../keys/c.crt", "client-key": "../keys/c.key"}}],
}
TWO = {
    "current-context": "two",
    "contexts": [
        {"name": "one", "context": {"cluster": "only-b", "user": "v"}},
        {"name": "two", "context": {"cluster": "c", "user": "v"}},
    ],
    "clusters": [
        {"name": "c", "cluster": {"server": "https://b:6443", "insecure-skip-tls-verify": True}},
        {
            "name": "only-b",
            "cluster": {"server": "https://only-b", "tls-server-name": "api", "proxy-url": "socks5://p:1"},
        },
    ],
    "users": [{"name": "v", "user": {"token": CANARY}}, {"name": "u", "user": {"tokenFile": "token"}}],
}
CONTEXTS = {"contexts": [{"name": "two", "context": {"cluster": "c", "user": "u"}}], "current-context": ""}


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


def data(folder: Path, name: str) -> str:
    return base64.b64encode((folder / name).read_bytes()).decode()


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

    assert found.document["current-context"] == chosen
    assert found.cluster["server"] == server
    assert _DOCUMENT.validate_python(yaml.safe_load(found.contents)) == found.document
    assert [each["name"] for each in _entries(found, "users")] == [user]
    confirm(found, context)


def _entries(found: Kubeconfig, key: str) -> list[dict[str, object]]:
    return TypeAdapter(list[dict[str, object]]).validate_python(found.document[key])


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


def test_files_are_looked_for_beside_the_kubeconfig_that_names_them(folder: Path) -> None:
    found = find(str(folder / "a/config"), None)

    assert found.cluster["certificate-authority"] == str(folder / "a/ca.crt")
    assert found.user["client-key"] == str(folder / "keys/c.key")
    assert flattened(found.document)["users"] == [
        {
            "name": "u",
            "user": {
                "client-certificate-data": data(folder, "keys/c.crt"),
                "client-key-data": data(folder, "keys/c.key"),
            },
        }
    ]


@pytest.mark.parametrize(
    ("command", "expected"), [("./bin/helper", "{}/a/bin/helper"), ("aws", "aws"), ("/usr/bin/aws", "/usr/bin/aws")]
)
def test_a_login_helper_is_looked_for_beside_its_kubeconfig_unless_it_is_in_path(
    folder: Path, command: str, expected: str
) -> None:
    helper = {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "interactiveMode": "Never"}
    document = {**ONE, "users": [{"name": "u", "user": {"exec": helper}}]}
    (folder / "a/config").write_text(yaml.safe_dump(document), encoding="utf-8")

    assert find("a/config", None).user["exec"] == {**helper, "command": expected.format(folder)}


def test_without_any_the_users_own_is_taken(folder: Path) -> None:
    own = folder / "home/.kube/config"
    own.parent.mkdir(parents=True)
    own.write_text(yaml.safe_dump(TWO), encoding="utf-8")

    assert find(None, None).cluster["server"] == "https://b:6443"


def told(path: str | None, context: str | None = None) -> Problem:
    with pytest.raises(InputError) as caught:
        find(path, context)
    (problem,) = caught.value.problems
    assert CANARY not in str(problem)
    assert "\n" not in str(problem)
    return problem


def helped(version: str = "v1", provider: object = None, **helper: str) -> dict[str, object]:
    """Return what has the user log in by a helper."""
    helper = {"apiVersion": f"client.authentication.k8s.io/{version}", "command": "aws", **helper}
    return {"users": [{"name": "u", "user": {"exec": helper, **({"auth-provider": provider} if provider else {})}}]}


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"contexts": [{"name": "one", "context": {"cluster": "c", "user": "nobody"}}]}, "the user 'nobody'"),
    ({"contexts": [{"name": "one", "context": {"cluster": "nowhere"}}]}, "the cluster 'nowhere'"),
    ({"contexts": [{"name": "one", "context": {}}]}, "the cluster ''"),
    ({"contexts": [{"name": "one"}, {"name": "one"}]}, "two of its contexts have the same name"),
    ({"users": [{"user": {}}]}, "its users are not a list"),
    ({"clusters": {"c": {}}}, "its clusters are not a list"),
    ({"current-context": 7}, "current-context"),
    ({"current-context": ""}, "it has no current-context"),
    ({"kind": "Pod"}, "kind"),
    ({"apiVersion": "v2"}, "apiVersion"),
    (
        {"clusters": [{"name": "c", "cluster": {"server": "https://a", "certificate-authority": "none.crt"}}]},
        "cannot be read",
    ),
    (
        {
            "clusters": [
                {
                    "name": "c",
                    "cluster": {
                        "server": "https://a",
                        "certificate-authority": "ca.crt",
                        "insecure-skip-tls-verify": True,
                    },
                }
            ]
        },
        "insecure-skip-tls-verify",
    ),
    ({"users": [{"name": "u", "user": {"auth-provider": {"name": "gcp", "config": {"x": CANARY}}}}]}, "'gcp'"),
    (helped(), "names no interactiveMode"),
    (helped(interactiveMode=""), "names no interactiveMode"),
    (helped("v1alpha1"), "apiVersion 'client.authentication.k8s.io/v1alpha1'"),
    (helped("v1beta1", interactiveMode="Sometimes"), "interactiveMode 'Sometimes'"),
    (helped(interactiveMode="Never", provider={"name": "oidc"}), "both an `exec` and an auth-provider"),
]
TAKEN = [helped(interactiveMode="Never"), helped(interactiveMode="IfAvailable"), helped("v1beta1")]


@pytest.mark.parametrize(("change", "said"), REFUSED)
def test_what_kubectl_refuses_is_reported(folder: Path, change: dict[str, object], said: str) -> None:
    (folder / "a/config").write_text(yaml.safe_dump({**ONE, **change}), encoding="utf-8")

    assert said in told("a/config").found


@pytest.mark.parametrize("change", TAKEN)
def test_a_login_helper_that_kubectl_takes_is_taken(folder: Path, change: dict[str, object]) -> None:
    (folder / "a/config").write_text(yaml.safe_dump({**ONE, **change}), encoding="utf-8")

    assert find("a/config", None).user["exec"]


def test_one_unreadable_file_of_a_list_is_reported_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "b/config").write_text(f"token: {CANARY}\nx: [", encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", "a/config:b/config")

    problem = told(None)
    assert problem.where == "b/config"
    assert "line 2" in problem.found


@pytest.mark.parametrize("contents", [json.dumps(TWO), f"apiVersion: v1\nusers: [{CANARY}]"])
def test_contents_in_place_of_a_path_are_reported_and_not_repeated(contents: str) -> None:
    problem = told(contents)

    assert problem.where == "linkerd-workshop:kubeconfig"
    assert problem.found == "it holds a kubeconfig's contents"


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b", "~nobody-of-this-name/x", "a/config/x"])
def test_a_path_that_leads_nowhere_is_reported(folder: Path, path: str) -> None:
    assert folder
    assert told(path).found == "there is no such kubeconfig"


def start(path: str | None, context: str | None = None) -> Start:
    settings = Settings.model_validate({"kubeconfig": path, "context": context})
    return Start(settings, Facts("uid", frozenset()), {}, find(path, context))


def test_the_provider_is_given_the_path_that_it_reads_the_same(folder: Path) -> None:
    """Nothing changes for stacks that exist, and no private key comes into the state."""
    document = json.loads(json.dumps(ONE).replace('"ca.crt"', f'"{folder}/a/ca.crt"').replace('"../', f'"{folder}/'))
    (folder / "a/absolute").write_text(json.dumps(document), encoding="utf-8")

    assert cluster_args(start("a/absolute"), "dev").get("kubeconfig") == "a/absolute"


def test_the_provider_reads_kubeconfig_itself_where_no_path_is_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder
    monkeypatch.setenv("KUBECONFIG", "a/config:b/config")

    assert cluster_args(start(None), "dev").get("kubeconfig") == ""


def test_the_provider_is_given_absolute_paths_in_place_of_those_that_it_would_not_find(folder: Path) -> None:
    given: list[object] = []
    # Within a deployment: an Output that is created outside of one keeps later deployments of this process waiting.
    deploy(lambda: given.append(cluster_args(start("a/config"), "dev").get("kubeconfig")))

    assert isinstance(given[0], Output)  # a secret: other kubeconfigs hold keys
    assert json.loads(find("a/config", None).contents)["clusters"][0]["cluster"] == {
        "server": "https://a:6443",
        "certificate-authority": f"{folder}/a/ca.crt",
    }


def test_a_pod_finds_its_own_cluster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, asked = Authority(folder, "ca"), list[bytes]()
    authority.file.rename(folder / "keys/ca.crt")
    (folder / "keys/token").write_text(f"{CANARY}\n", encoding="utf-8")
    monkeypatch.setattr(reading, "SERVICE_ACCOUNT", folder / "keys")

    with listening(answer(ANSWER, asked), server_context(authority.issue("api"))) as port:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
        check_connection(ClusterApi(None))
        assert cluster_args(start(None), "dev").get("kubeconfig") == ""  # client-go looks there as well

    assert f"authorization: bearer {CANARY}\r\n".encode() in asked[0].lower()


def test_a_kubeconfig_comes_before_the_pods_own_cluster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SERVICE_ACCOUNT", folder / "b")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setenv("KUBECONFIG", "a/config")

    assert find(None, None).cluster["server"] == "https://a:6443"


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("how", [{"tls-server-name": "api.example.com"}, {"insecure-skip-tls-verify": True}])
def test_a_server_of_another_name_is_reached_if_the_kubeconfig_says_so(folder: Path, how: dict[str, object]) -> None:
    authority = Authority(folder)
    trusted = {} if "insecure-skip-tls-verify" in how else {"certificate-authority": str(authority.file)}
    with listening(answer(ANSWER), server_context(authority.issue("api.example.com", None))) as port:
        cluster = {"server": f"https://127.0.0.1:{port}", **trusted, **how}
        check_connection(ClusterApi(str(kubeconfig(folder, cluster, {"token": "t"}))))


def test_a_server_without_a_scheme_is_taken_as_kubectl_does(folder: Path) -> None:
    with listening(answer(ANSWER)) as port:
        assert ClusterApi(str(kubeconfig(folder, f"127.0.0.1:{port}"))).address == f"http://127.0.0.1:{port}"


def test_a_user_who_asks_as_another_does_so_here_as_well(folder: Path) -> None:
    asked = list[bytes]()

    user = {"token": "t", "as": "jane", "as-groups": ["dev", "ops"], "as-user-extra": {"Reason": ["why"]}}
    with listening(answer(ANSWER, asked)) as port:
        check_connection(ClusterApi(str(kubeconfig(folder, f"http://127.0.0.1:{port}", user))))

    for line in (b"User: jane", b"Group: dev", b"Group: ops", b"Extra-reason: why"):
        assert b"\r\nImpersonate-" + line + b"\r\n" in asked[0]


def test_a_token_from_a_file_loses_its_newline(folder: Path) -> None:
    with listening(answer(ANSWER)) as port:
        user = {"tokenFile": "b/token"}
        check_connection(ClusterApi(str(kubeconfig(folder, f"http://127.0.0.1:{port}", user))))
