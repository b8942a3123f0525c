"""Whether a Kubernetes API server is there at all, and knows who asks."""

from http import HTTPStatus

from clients.cluster_api import ClusterApi, refusal, refused
from model.json_values import text
from model.problem import InputError, Problem


def greet(api: ClusterApi) -> None:
    """Ask for the version. Raises InputError if what answers is not a cluster that lets the user in."""
    answer = api.get("/version")
    if answer.status == HTTPStatus.UNAUTHORIZED:
        rule, found = "the kubeconfig's credentials have to be valid there", f"it does not know you ({refusal(answer)})"
        raise InputError([Problem(api.address, found, rule, api.advice.stranger)])
    if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        found, rule = "a proxy in between asks for a login (407)", "the program asks it before it changes anything"
        fix = "Put user and password into the proxy's URL (http://<user>:<password>@...), or list its host in NO_PROXY."
        raise InputError([Problem(api.address, found, rule, fix)])
    if "HTTP request to an HTTPS server" in answer.text:
        found, rule = "it speaks TLS there", "the address has to begin with https://"
        raise InputError([Problem(api.address, found, rule, "Write https:// in the kubeconfig's `server`.")])
    if answer.status >= HTTPStatus.BAD_REQUEST and text(answer.body, "kind") == "Status":
        found, rule = f"it refuses to answer ({refusal(answer)})", "the program asks it before it changes anything"
        raise refused(answer, Problem(api.address, found, rule, api.advice.stranger))
    if refusal(answer) or not text(answer.body, "gitVersion"):
        found = f"it does not answer as Kubernetes does ({refusal(answer) or 'no version'})"
        cure = "Check the address, and whether a proxy or a login page stands in between."
        raise InputError([Problem(api.address, found, "the program asks it before it changes anything", cure)])
