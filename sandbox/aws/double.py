"""The double as a WSGI application: it handles one request at a time, and remembers those that change something."""

import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_server import werkzeug_app
from werkzeug.wrappers import Request, Response

from sandbox.aws import account, backends
from sandbox.aws.calls import Call, RefusalError, answer, not_found
from sandbox.aws.corrections import correct
from sandbox.aws.eks import Eks
from sandbox.aws.process import DEFAULT_ACCOUNT, Account
from sandbox.controllers.aws import KEY as CONTROLLERS
from sandbox.paths import Home

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OWN = "sandbox"
"""First part of the paths that no service of AWS has."""
DENIED = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no policy allows it</Message></Error></ErrorResponse>"


@dataclass
class Troubles:
    """Rare faults of an account; none unless asked for."""

    denied: str = ""
    """Part of the path of the requests that nobody may make."""
    vanishing: str = ""
    """The ARN of a load balancer that is deleted when anything but the controllers asks for its tags."""

    def meet(self, call: Call) -> Response | None:
        """Refuse a request, or change the account before it is answered."""
        if self.denied and self.denied in call.target:
            return Response(DENIED, HTTPStatus.FORBIDDEN, content_type="text/xml")
        asked = call.operation == "DescribeTags" and call.scope("key") != CONTROLLERS
        if self.vanishing and asked and self.vanishing in call.form.values():
            account, arn, self.vanishing = backends.account_of(call), self.vanishing, ""
            backends.of("elbv2", account, call.scope("region")).delete_load_balancer(arn)
        return None


class Double:
    """Answers for AWS.

    Every request that changed something is kept, one a line: repeated after a restart, they lead to the same account.
    Its identifiers are random; seeded with the number of the request that draws them, they are the same again.
    """

    def __init__(self, home: Home) -> None:
        correct()
        backends.load()
        application: Any = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
        self._moto = application
        self._eks = Eks(home)
        self._troubles = Troubles()
        self._journal = home.aws / "journal.jsonl"
        self._count = 0
        self._lock = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        call = Call.of(Request(environ))
        with self._lock:
            response = self._answer(call)
        return response(environ, start_response)

    def take_up(self) -> None:
        """Repeat every kept request; ends the process if one does not succeed any more."""
        for call in read_journal(self._journal):
            response = self._served(call)
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                reason = response.get_data(as_text=True)[:300]
                sys.exit(f"{call.method} {call.target} {call.operation} cannot be repeated: {reason}")
            self._count += 1

    def _answer(self, call: Call) -> Response:
        response = self._served(call)
        kept = (
            response.status_code == HTTPStatus.CREATED
            if call.path[0] == OWN
            else response.status_code < HTTPStatus.BAD_REQUEST
        )
        if call.changing and kept:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(f"{call.line()}\n")
            self._count += 1
        return response

    def _served(self, call: Call) -> Response:
        environ = call.environ()
        # Import before seeding: some of moto's modules draw random numbers on import.
        self._moto.get_application(environ)
        if call.scope("region"):
            backends.prepare(backends.account_of(call), call.scope("region"))
        backends.seed(f"request {self._count}")
        try:
            own = self._own(call) if call.path[0] == OWN else self._troubles.meet(call) or self._eks.serve(call)
        except RefusalError as refusal:
            return refusal.response()
        return own or Response.from_app(self._moto, environ, buffered=True)

    def _own(self, call: Call) -> Response:
        match call.path:
            case (_, "account"):
                wanted = Account(**{key: str(value) for key, value in call.json().items() if value is not None})
                created = account.ensure(wanted, self._eks)
                return answer({"account": wanted.number}, HTTPStatus.CREATED if created else HTTPStatus.OK)
            case (_, "troubles"):
                self._troubles = Troubles(**{key: str(value) for key, value in call.json().items()})
                return answer({})
            case (_, "login"):
                return answer(check_login(call.query))
            case _:
                return answer({"ready": True})


def read_journal(file: Path) -> list[Call]:
    """Return the kept requests; a last line that a killed process left torn is dropped."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    return [Call.parse(line) for line in whole.splitlines()]


def check_login(query: Mapping[str, str]) -> Mapping[str, str]:
    """Return the cluster that a user may log in to. Raises RefusalError if it, or the role, does not exist."""
    cluster, region, role = query.get("cluster", ""), query.get("region", ""), query.get("role")
    if role and not backends.role_exists(role):
        raise RefusalError(
            "AccessDenied", f"the role {role} cannot be assumed: the double of AWS has no such role", 403
        )
    account = role.split(":")[4] if role else DEFAULT_ACCOUNT
    found = backends.clusters(account, region).get(cluster) if backends.knows(region) else None
    if found is None or not getattr(found, "sandbox", False):
        raise not_found(f"the double of AWS has no cluster {cluster} in {region or 'no region'} that is this sandbox")
    return {"cluster": cluster}
