"""Which pull request a workflow's run belongs to, and which run previewed what a merge brought to the main branch.

GitHub hands a run of a fork no pull request, so it is looked for by the head's owner, branch and commit; what the run
itself says of that is not asked, because whoever opened the pull request could write it.
"""

from clients.github import Repository
from model.json_values import at, entries


def of_head(repository: Repository, owner: str, branch: str, commit: str) -> int | None:
    """Return the number of the open pull request whose head is this commit; None if there is none any more."""
    for each in repository.pages("/pulls", state="open", head=f"{owner}:{branch}"):
        number = each.get("number")
        if at(each, "head", "sha") == commit and isinstance(number, int):
            return number
    return None


def reviewed_run(repository: Repository, commit: str, workflow: str) -> int | None:
    """Return the run of `workflow` that previewed the pull request which brought `commit`; None if none succeeded."""
    for each in repository.pages(f"/commits/{commit}/pulls"):
        head = at(each, "head", "sha")
        if each.get("merge_commit_sha") != commit or not isinstance(head, str):
            continue
        path = f"/actions/workflows/{workflow}/runs?event=pull_request&status=success&per_page=20&head_sha={head}"
        numbers = [at(run, "id") for run in entries(repository.get(path).get("workflow_runs"))]
        return max((number for number in numbers if isinstance(number, int)), default=None)
    return None
