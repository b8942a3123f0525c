"""A stack has exactly one comment on a pull request, on good days and bad ones."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from clients import github as github_client
from clients.github import LONGEST_SECONDS
from model.problem import InputError
from tests.doubles.fake_github import GitHub, github
from workshop.previews.comment import marker, run_line
from workshop.previews.posting import find_pull_request, find_reviewed_run, post


@pytest.fixture
def server() -> Iterator[GitHub]:
    with github() as running:
        yield running


def body(words: str, run: int = 1, stack: str = "dev") -> str:
    return f"{marker(stack)}\n{run_line(run)}\n{words}"


def test_the_first_preview_makes_a_comment_and_the_next_one_updates_it(server: GitHub) -> None:
    first = post(server.repository(), 5, "dev", body("one", 1))
    second = post(server.repository(), 5, "dev", body("two", 2))

    assert (first, second) == ("created", "updated")
    assert server.bodies() == [body("two", 2)]


def test_the_comment_is_found_behind_many_pages_of_others(server: GitHub) -> None:
    for number in range(250):
        server.add(f"what person {number} thinks", author=f"person-{number}")
    server.add(body("old", 1))
    for number in range(120):
        server.add("more thoughts", author=f"person-{number}")

    assert post(server.repository(), 5, "dev", body("new", 2)) == "updated"
    assert server.bodies() == [body("new", 2)]


def test_each_stack_has_its_own(server: GitHub) -> None:
    for stack in ("dev", "prod", "dev2"):
        post(server.repository(), 5, stack, body(stack, 1, stack))
    post(server.repository(), 5, "dev", body("again", 2))

    assert server.bodies() == [body("again", 2), body("prod", 1, "prod"), body("dev2", 1, "dev2")]


def test_a_comment_of_somebody_else_that_wears_the_marker_is_left_alone(server: GitHub) -> None:
    server.add(body("trust me", 99), author="stranger")
    post(server.repository(), 5, "dev", body("mine", 1))

    assert server.bodies("stranger") == [body("trust me", 99)]
    assert server.bodies() == [body("mine", 1)]


def test_a_marker_in_the_middle_of_a_comment_is_none(server: GitHub) -> None:
    server.add(f"quoting:\n{body('x')}")
    post(server.repository(), 5, "dev", body("mine", 2))

    assert len(server.bodies()) == 2


def test_two_that_post_at_once_leave_one_comment_with_the_later_run(server: GitHub) -> None:
    server.meeting = threading.Barrier(2)
    done: list[str] = []

    def poster(run: int) -> None:
        done.append(post(server.repository(), 5, "dev", body(str(run), run)))

    posters = [threading.Thread(target=poster, args=(run,)) for run in (1, 2)]
    for each in posters:
        each.start()
    for each in posters:
        each.join()

    assert server.asked.count("POST /issues/5/comments") == 2, "both found nothing, or the test proves nothing"
    assert len(done) == 2
    assert server.bodies() == [body("2", 2)]


def test_an_older_run_that_is_late_changes_nothing(server: GitHub) -> None:
    post(server.repository(), 5, "dev", body("new", 2))

    assert post(server.repository(), 5, "dev", body("old", 1)) == "left as it is: a later run was faster"
    assert server.bodies() == [body("new", 2)]


def test_the_same_comment_again_is_not_sent_again(server: GitHub) -> None:
    post(server.repository(), 5, "dev", body("one"))

    assert post(server.repository(), 5, "dev", body("one")) == "unchanged"
    assert not [each for each in server.asked if each.startswith("PATCH")]


def test_duplicates_that_a_broken_run_left_are_cleared(server: GitHub) -> None:
    for run in (1, 3, 2):
        server.add(body(str(run), run))
    post(server.repository(), 5, "dev", body("4", 4))

    assert server.bodies() == [body("4", 4)]


SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
NOW = 1_800_000_000
LIMITS: list[tuple[tuple[int, dict[str, str], str], float]] = [
    ((403, {"Retry-After": "60"}, SECONDARY), 60),
    ((429, {"Retry-After": "7"}, SECONDARY), 7),
    ((403, {"Retry-After": "Fri, 15 Jan 2027 08:00:30 GMT"}, SECONDARY), 30),
    ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW + 40)}, "API rate limit exceeded"), 41),
    ((429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW - 40)}, "API rate limit exceeded"), 1),
    ((403, {}, SECONDARY), 60),
    ((429, {}, "Sorry"), 60),
    ((429, {"Retry-After": "soon"}, "Sorry"), 60),
]


class Clock:
    """Stands still."""

    @staticmethod
    def now(zone: timezone) -> datetime:
        """Return the time of these tests."""
        return datetime.fromtimestamp(NOW, zone)


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what is waited, by a clock that nobody waits for."""
    seconds = list[float]()
    monkeypatch.setattr("time.sleep", seconds.append)
    monkeypatch.setattr("time.time", lambda: float(NOW))
    monkeypatch.setattr(github_client, "datetime", Clock)
    return seconds


@pytest.mark.parametrize(("answer", "seconds"), LIMITS)
def test_github_is_left_alone_as_long_as_it_documents(
    server: GitHub, waited: list[float], answer: tuple[int, dict[str, str], str], seconds: float
) -> None:
    server.lists["/pulls/5"], server.limits = {"number": 5}, [answer]

    assert server.repository().get("/pulls/5") == {"number": 5}
    assert waited == [seconds]


def test_a_comment_is_posted_though_github_wants_a_pause(server: GitHub, waited: list[float]) -> None:
    server.limits = [(403, {"Retry-After": "60"}, SECONDARY)]
    post(server.repository(), 5, "dev", body("one"))

    assert server.bodies() == [body("one")]
    assert waited == [60]


@pytest.mark.parametrize(
    ("answers", "minutes"),
    [
        ([(403, {"Retry-After": "86400"}, SECONDARY)], 1440),
        ([(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW + 3600)}, "API rate limit exceeded")], 61),
        ([(403, {"Retry-After": "60"}, SECONDARY)] * 9, 1),
        ([(429, {"Retry-After": "0"}, SECONDARY)] * 500, 0),
    ],
)
def test_github_is_not_waited_for_longer_than_two_minutes_in_all(
    server: GitHub, waited: list[float], answers: list[tuple[int, dict[str, str], str]], minutes: int
) -> None:
    server.limits = [*answers]
    with pytest.raises(InputError, match=rf"wants fewer requests.*again in {minutes} min") as caught:
        server.repository().get("/pulls/5")

    assert sum(waited) <= LONGEST_SECONDS
    assert "permissions" not in str(caught.value)


def test_a_connection_that_fails_prints_no_warning_of_its_own() -> None:
    program = "from clients.github import Repository; Repository('a/b', 'token', 'http://127.0.0.1:9').get('/x')"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            program.replace("'http://127.0.0.1:9'", "'http://127.0.0.1:9', Retry(total=1)").replace(
                "import Repository;", "import Repository, Retry;"
            ),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "it does not answer" in done.stderr
    assert "Retrying" not in done.stderr


def test_a_refusal_that_is_no_limit_is_told_at_once(server: GitHub, waited: list[float]) -> None:
    server.limits = [(403, {"X-RateLimit-Remaining": "4999"}, "Resource not accessible by integration")]
    with pytest.raises(InputError, match="Check the job's `permissions`"):
        server.repository().get("/pulls/5")

    assert waited == []


def test_the_token_is_sent_to_no_other_address(server: GitHub) -> None:
    elsewhere = '<http://127.0.0.1:9/repos/x>; rel="next"'
    server.limits = [(200, {"Link": elsewhere}, "")]
    with pytest.raises(InputError, match="its next page is at another address"):
        list(server.repository().pages("/pulls"))


@pytest.mark.parametrize("failures", [[500], [502], [502, 502]])
def test_an_answer_that_got_lost_makes_no_second_comment(server: GitHub, failures: list[int]) -> None:
    server.failures["POST"] = failures
    post(server.repository(), 5, "dev", body("one"))

    assert server.bodies() == [body("one")]


def test_a_comment_that_somebody_removes_meanwhile_is_made_anew(server: GitHub) -> None:
    number = server.add(body("old", 1))
    server.failures["PATCH"] = [404]
    del server.comments[number]

    assert post(server.repository(), 5, "dev", body("new", 2)) == "created"


def test_what_github_keeps_with_other_white_space_is_still_the_comment(server: GitHub) -> None:
    server.add(body("one", 1).replace("\n", "\r\n") + "\r\n")

    assert post(server.repository(), 5, "dev", body("one", 1) + "\n") == "unchanged"


def test_a_refusal_is_told_with_its_fix_and_without_the_token(server: GitHub) -> None:
    server.failures["POST"] = [403]
    with pytest.raises(InputError, match=r"answered by 403 .*permissions") as caught:
        post(server.repository(), 5, "dev", body("one"))

    assert "token" not in str(caught.value).replace("and the token", "")
    assert "token" not in repr(server.repository()).replace("workshop", "")


def test_a_pull_request_is_found_by_its_head_and_not_once_that_has_moved(server: GitHub) -> None:
    server.lists["/pulls"] = [{"number": 8, "head": {"sha": "other"}}, {"number": 9, "head": {"sha": "abc"}}]

    assert find_pull_request(server.repository(), "somebody", "topic", "abc") == 9
    assert find_pull_request(server.repository(), "somebody", "topic", "gone") is None


def test_the_reviewed_run_is_that_of_the_merged_pull_requests_head(server: GitHub) -> None:
    server.lists["/commits/merged/pulls"] = [
        {"merge_commit_sha": "elsewhere", "head": {"sha": "a"}},
        {"merge_commit_sha": "merged", "head": {"sha": "b"}},
    ]
    server.lists["/actions/workflows/preview.yml/runs"] = {"workflow_runs": [{"id": 3}, {"id": 4}]}
    server.lists["/commits/pushed/pulls"] = []

    assert find_reviewed_run(server.repository(), "merged", "preview.yml") == 4
    assert find_reviewed_run(server.repository(), "pushed", "preview.yml") is None
