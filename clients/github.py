"""The client of GitHub's REST API for the operator's command."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from math import ceil
from typing import TypeVar
from urllib.parse import urlencode

import requests
from pydantic import TypeAdapter, ValidationError
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import parse_header_links
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from clients import limits
from clients.limits import within
from model.moments import in_utc
from model.problem import InputError, Problem, SilenceError, on_one_line

API = "https://api.github.com"
SECONDS_TO_CONNECT = 5
LONGEST_SECONDS = 120
"""The longest wait in all before a request is sent again, whatever GitHub asks for: a job on a runner costs money."""
A_MINUTE = 60
"""The wait that GitHub asks for where it does not say how long."""
MOST_PAGES, MOST_REDIRECTS = 100, 3
LARGEST = 50_000_000
"""Bytes of an answer that are read."""
PATIENCE = Retry(
    total=4,
    read=1,
    backoff_factor=0.5,  # 7 s in all
    status_forcelist=(500, 502, 503, 504),
    # A POST that was answered by an error may have created a comment; the caller looks for its own duplicates.
    allowed_methods=None,
    raise_on_status=False,
)
LIMITING = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
RULE = "the job has to be allowed to do it"
_TOKEN = re.compile(r"[!-~]+")
_NUMBER = re.compile(r"[0-9]{1,12}")
_LIST = TypeAdapter(list[dict[str, object]])
_MAPPING = TypeAdapter(dict[str, object])
_Form = TypeVar("_Form")


@dataclass(frozen=True)
class Answer:
    """An answer of GitHub."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes
    seconds: float = 0
    """How long it was waited for."""

    @property
    def message(self) -> str:
        """GitHub's message; what is in a body that is none of GitHub's is not repeated."""
        try:
            text = str(_MAPPING.validate_json(self.body).get("message", ""))
        except ValidationError:
            return ""
        return on_one_line(text)

    @property
    def following(self) -> str | None:
        """The URL of the next page."""
        links = parse_header_links(self.headers.get("link", ""))
        return next((each.get("url") for each in links if each.get("rel") == "next"), None)

    @property
    def pause(self) -> float | None:
        """The seconds to wait before the next request; None if GitHub asks for no wait.

        As it documents: `retry-after`, or until `x-ratelimit-reset` if nothing remains, or else at least a minute.
        """
        if self.status not in LIMITING:
            return None
        if after := self.headers.get("retry-after", "").strip():
            return float(after) if _NUMBER.fullmatch(after) else _seconds_until(after)
        if self.headers.get("x-ratelimit-remaining", "").strip() == "0":
            reset = self.headers.get("x-ratelimit-reset", "").strip()
            return max(float(reset) - time.time(), 0) + 1 if _NUMBER.fullmatch(reset) else A_MINUTE
        is_limit = self.status == HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in self.message.lower()
        return A_MINUTE if is_limit else None


@dataclass
class Repository:
    """One repository, and the token by which it is asked."""

    name: str
    """`owner/name`."""
    token: str = field(repr=False)
    api: str = API
    patience: Retry = field(default=PATIENCE, repr=False)
    seconds: float = field(default=limits.SECONDS, repr=False)
    """The time limit of an answer, with all attempts and all pages. GitHub itself ends what takes it longer."""

    def __post_init__(self) -> None:
        """Prepare the connection; a request that fails for a moment is sent again.

        Raises InputError if the token is none.
        """
        if not _TOKEN.fullmatch(self.token):  # the message of the client would repeat it
            found, fix = "it holds other characters than a token's", "Set it to the job's token, without a line break."
            raise InputError([Problem("GITHUB_TOKEN", found, "it is sent in a header", fix)])
        self._session = requests.Session()
        self._session.max_redirects = MOST_REDIRECTS
        # How long to leave GitHub alone is for `Answer.pause`, which has an end.
        patience = self.patience.new(respect_retry_after_header=False)
        self._session.mount(self.api, HTTPAdapter(max_retries=patience))
        self._session.headers.update(
            {
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )

    def pages(self, path: str, **query: str) -> Iterator[dict[str, object]]:
        """Yield the entries of a list, of all its pages. Raises InputError if GitHub refuses."""
        url, left = f"{self.api}/repos/{self.name}{path}?{urlencode({'per_page': '100', **query})}", self.seconds
        for _ in range(MOST_PAGES):
            answer = self._ask("GET", url, seconds=left)
            left -= answer.seconds
            yield from _read(_LIST, answer, url)
            following = answer.following
            if not following:
                return
            if not following.startswith(f"{self.api}/"):  # the token is for nobody else
                raise InputError([_odd(url, "its next page is at another address")])
            url = following
        raise InputError([_odd(url, f"it has more than {MOST_PAGES} pages")])

    def get(self, path: str) -> dict[str, object]:
        """Return one object. Raises InputError if GitHub refuses."""
        url = f"{self.api}/repos/{self.name}{path}"
        return _read(_MAPPING, self._ask("GET", url), url)

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bool:
        """Change something; return whether it was there. Raises InputError if GitHub refuses."""
        answer = self._ask(method, f"{self.api}/repos/{self.name}{path}", body=body, missing_is_fine=True)
        return answer.status != HTTPStatus.NOT_FOUND

    def _ask(
        self,
        method: str,
        url: str,
        *,
        body: Mapping[str, object] | None = None,
        missing_is_fine: bool = False,
        seconds: float | None = None,
    ) -> Answer:
        """Return an answer that is no refusal; wait as long as GitHub wants, within LONGEST_SECONDS in all."""
        content = None if body is None else json.dumps(body).encode()
        left = float(LONGEST_SECONDS)
        while True:
            answer = self._answer(method, url, content, self.seconds if seconds is None else seconds)
            if answer.status < HTTPStatus.BAD_REQUEST or (missing_is_fine and answer.status == HTTPStatus.NOT_FOUND):
                return answer
            pause = answer.pause
            if pause is None or pause > left:
                raise InputError([_refused(method, url, answer, pause)])
            time.sleep(pause)
            left -= max(pause, 1)

    def _answer(self, method: str, url: str, content: bytes | None, seconds: float) -> Answer:
        """Return the answer to a request, with all attempts. Raises SilenceError if none comes within `seconds`."""
        begin = time.monotonic()
        try:
            answer = within(seconds, partial(self._sent, method, url, content))
        except TimeoutError:
            raise _silence(url, f"nothing came within {self.seconds:g} s") from None
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise _silence(url, on_one_line(str(error))) from None
        return replace(answer, seconds=time.monotonic() - begin)

    def _sent(self, method: str, url: str, content: bytes | None) -> Answer:
        timeout = SECONDS_TO_CONNECT, self.seconds
        with self._session.request(method, url, data=content, timeout=timeout, stream=True) as answer:
            return Answer(answer.status_code, answer.headers, self._body(answer))

    def _body(self, answer: requests.Response) -> bytes:
        """Return the content of an answer. Raises ValueError if it is too large, or comes too slowly."""
        read, end = bytearray(), time.monotonic() + self.seconds
        while part := answer.raw.read1(65_536, decode_content=True):
            read += part
            if len(read) > LARGEST or time.monotonic() > end:
                raise ValueError("too much, or too slowly")
        return bytes(read)


def _read(form: TypeAdapter[_Form], answer: Answer, url: str) -> _Form:
    try:
        return form.validate_json(answer.body)
    except ValidationError:
        raise InputError([_odd(url, "its answer is not GitHub's")]) from None


def _silence(url: str, reason: str) -> SilenceError:
    fix = "Run the job again; if it stays so, check GITHUB_API_URL, and whether the runner reaches it."
    return SilenceError([Problem(url, f"it does not answer ({reason})", "the comment is posted there", fix)])


def _odd(url: str, found: str) -> Problem:
    fix = "Check GITHUB_API_URL, and whether a proxy or a login page stands in between."
    return Problem(url, found, "the job reads what GitHub documents", fix)


def _refused(method: str, url: str, answer: Answer, pause: float | None) -> Problem:
    found = f"{method} is answered by {answer.status} ({answer.message or 'without a reason'})"
    if pause is None:
        return Problem(url, found, RULE, "Check the job's `permissions` and the token.")
    rule = f"GitHub wants fewer requests, and {LONGEST_SECONDS} s are waited for it at most"
    return Problem(url, found, rule, f"Run the job again in {ceil(pause / 60)} min.")


def _seconds_until(date: str) -> float:
    """Return the seconds until an HTTP date; a minute if it is none."""
    try:
        return max((in_utc(parsedate_to_datetime(date)) - datetime.now(UTC)).total_seconds(), 0)
    except (ValueError, OverflowError):
        return A_MINUTE
