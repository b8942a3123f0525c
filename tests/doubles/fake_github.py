"""As much of GitHub's REST API as comments need, on loopback, with its pages and its bad days."""

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from urllib3.util import Retry

from clients.github import Repository
from tests.doubles.http_server import QuietHandler, serving_http
from workshop.previews.posting import BOT

REPOSITORY = "example/workshop"
LONGEST = 65_536


@dataclass
class GitHub:
    """What it holds, and what it was asked."""

    comments: dict[int, dict[str, object]] = field(default_factory=dict[int, dict[str, object]])
    lists: dict[str, object] = field(default_factory=dict[str, object])
    """Answers to other GETs, by path below the repository."""
    asked: list[str] = field(default_factory=list[str])
    failures: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """Status codes that a method is answered with before it works; the work is done all the same for codes over 500."""
    limits: list[tuple[int, dict[str, str], str]] = field(default_factory=list[tuple[int, dict[str, str], str]])
    """Answers to the next requests instead of what they ask for: status, headers, message."""
    meeting: threading.Barrier | None = None
    """Where listings wait for each other the first time, so that two posters both find nothing."""
    api: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: int = 100

    def repository(self) -> Repository:
        """Return the repository as the commands see it."""
        patience = Retry(
            total=3, backoff_factor=0, status_forcelist=(500, 502), allowed_methods=None, raise_on_status=False
        )
        return Repository(REPOSITORY, "token", self.api, patience)

    def add(self, body: str, author: str = BOT) -> int:
        """Let somebody comment; return the comment's number."""
        with self._lock:
            self._next += 1
            self.comments[self._next] = {"id": self._next, "body": body, "user": {"login": author}}
            return self._next

    def bodies(self, author: str = BOT) -> list[object]:
        """Return somebody's comments."""
        return [each["body"] for each in self.comments.values() if each["user"] == {"login": author}]


class _Handler(QuietHandler):
    github: GitHub

    def answer(self, status: int, body: object, link: str = "", headers: Mapping[str, str] | None = None) -> None:
        more = {"Link": link} if link else {}
        self.send(status, json.dumps(body).encode(), {**(headers or {}), **more})

    def work(self) -> None:
        url = urlsplit(self.path)
        path = url.path.removeprefix(f"/repos/{REPOSITORY}")
        self.github.asked.append(f"{self.command} {path}")
        sent = json.loads(self.content() or b"{}")
        failures = self.github.failures.get(self.command, [])
        failure = failures.pop(0) if failures else 0
        if self.github.limits:
            status, headers, message = self.github.limits.pop(0)
            self.answer(status, {"message": message} if message else [], headers=headers)
        elif failure and failure <= 500:  # it failed before anything was done
            self.answer(failure, {"message": "Sorry"})
        elif path in self.github.lists:
            self.answer(200, self.github.lists[path])
        elif len(str(sent.get("body", ""))) > LONGEST:
            self.answer(422, {"message": "Body is too long (maximum is 65536 characters)"})
        else:
            self.comment(path, parse_qs(url.query), sent, failure)

    def comment(self, path: str, query: dict[str, list[str]], sent: dict[str, object], failure: int) -> None:
        number = int(path.rpartition("/")[2]) if path.rpartition("/")[2].isdigit() else 0
        if self.command == "GET":
            self.page(int(query.get("page", ["1"])[0]), int(query.get("per_page", ["30"])[0]))
        elif self.command == "POST":
            self.github.add(str(sent["body"]))
            self.answer(failure or 201, {})
        elif number not in self.github.comments:
            self.answer(404, {"message": "Not Found"})
        elif self.command == "PATCH":
            self.github.comments[number]["body"] = sent["body"]
            self.answer(failure or 200, {})
        else:
            del self.github.comments[number]
            self.answer(204, {})

    def page(self, number: int, size: int) -> None:
        found = [self.github.comments[each] for each in sorted(self.github.comments)]
        if self.github.meeting and not self.github.meeting.broken and self.github.asked.count(self.first()) <= 2:
            self.github.meeting.wait(timeout=10)
        rest = found[number * size :]
        link = f'<{self.github.api}{self.first_path()}?per_page={size}&page={number + 1}>; rel="next"' if rest else ""
        self.answer(200, found[(number - 1) * size : number * size], link)

    def first_path(self) -> str:
        return urlsplit(self.path).path

    def first(self) -> str:
        return f"GET {self.first_path().removeprefix(f'/repos/{REPOSITORY}')}"

    do_GET = do_POST = do_PATCH = do_DELETE = work  # noqa: N815  its base's names


@contextmanager
def github() -> Generator[GitHub]:
    """Serve an empty repository for a while."""
    state = GitHub()
    with serving_http(_Handler, github=state) as port:
        state.api = f"http://127.0.0.1:{port}"
        yield state
