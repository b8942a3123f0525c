"""What the operator's commands ask of GitHub's REST API."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import requests
from pydantic import TypeAdapter
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from operations.problem import InputError, Problem

API = "https://api.github.com"
SECONDS = 30
LONGEST_SECONDS = 120
"""What is waited at most before a request is sent again, whatever GitHub says: a job on a runner costs money."""
PATIENCE = Retry(
    total=4,
    backoff_factor=1,
    retry_after_max=LONGEST_SECONDS,
    status_forcelist=(429, 500, 502, 503, 504),
    # A POST that was answered by an error may have made a comment; whoever posts looks for its own duplicates.
    allowed_methods=None,
    raise_on_status=False,
)
_TOKEN = re.compile(r"[!-~]+")
_LIST = TypeAdapter(list[dict[str, object]])
_MAPPING = TypeAdapter(dict[str, object])


@dataclass
class Repository:
    """One repository, and the token by which it is asked."""

    name: str
    """`owner/name`."""
    token: str = field(repr=False)
    api: str = API
    patience: Retry = field(default=PATIENCE, repr=False)

    def __post_init__(self) -> None:
        """Prepare the connection; a request that fails for a moment is sent again.

        Raises InputError if the token is none.
        """
        if not _TOKEN.fullmatch(self.token):  # the message of the client would repeat it
            found, cure = "it holds other characters than a token's", "Set it to the job's token, without a line break."
            raise InputError([Problem("GITHUB_TOKEN", found, "it is sent in a header", cure)])
        self._session = requests.Session()
        self._session.mount(self.api, HTTPAdapter(max_retries=self.patience))
        self._session.headers.update(
            {
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )

    def pages(self, path: str, **query: str) -> Iterator[dict[str, object]]:
        """Yield the entries of a list, of all its pages. Raises InputError if GitHub refuses."""
        url: str | None = f"{self.api}/repos/{self.name}{path}"
        parameters: dict[str, str] | None = {"per_page": "100", **query}
        while url:
            answer = self._ask("GET", url, parameters=parameters)
            yield from _LIST.validate_json(answer.text)
            url, parameters = answer.links.get("next", {}).get("url"), None

    def get(self, path: str) -> dict[str, object]:
        """Return one object. Raises InputError if GitHub refuses."""
        return _MAPPING.validate_json(self._ask("GET", f"{self.api}/repos/{self.name}{path}").text)

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bool:
        """Change something; return whether it was there. Raises InputError if GitHub refuses."""
        answer = self._ask(method, f"{self.api}/repos/{self.name}{path}", body=body, missing_is_fine=True)
        return answer.status_code != HTTPStatus.NOT_FOUND

    def _ask(
        self,
        method: str,
        url: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        missing_is_fine: bool = False,
    ) -> requests.Response:
        content = None if body is None else json.dumps(body).encode()
        try:
            answer = self._session.request(method, url, params=parameters, data=content, timeout=SECONDS)
        except requests.RequestException as error:
            found = f"it does not answer ({' '.join(str(error).split())[:200]})"
            raise InputError([Problem(url, found, "the comment is posted there", "Run the job again.")]) from None
        if answer.ok or (missing_is_fine and answer.status_code == HTTPStatus.NOT_FOUND):
            return answer
        found = f"{method} is answered by {answer.status_code} ({' '.join(answer.text.split())[:200]})"
        cure = "Check the job's `permissions` and the token."
        raise InputError([Problem(url, found, "the job has to be allowed to do it", cure)])
