"""What a killed engine leaves in the sandbox's backend: a lock, and operations of which nobody knows the end."""

import datetime as dt
import json
import socket
from pathlib import Path

import psutil

from sandbox.console import say
from sandbox.failure import SandboxError
from sandbox.json_values import is_mapping
from sandbox.paths import Home
from sandbox.processes import runs
from sandbox.project import StackFile

CLOCK_TOLERANCE_SECONDS = 5.0


def clear_stale_locks(home: Home, stack_file: StackFile) -> None:
    """Remove locks whose engine is gone from this machine; raises if one is held by an engine that runs."""
    for lock in sorted(stack_file.locks(home).glob("*.json")):
        holder = live_holder(lock)
        if holder is not None:
            message = (
                f"stack {stack_file.stack} is being changed by {holder}: wait for it to end. If it is not a Pulumi run "
                "any more, `make unlock` (pulumi cancel --yes) removes the lock."
            )
            raise SandboxError(message)
        end_orphans(home)
        lock.unlink(missing_ok=True)
        say(f"the last run on stack {stack_file.stack} was killed, its stale lock is removed")


def end_orphans(home: Home) -> None:
    """End plugins that a killed engine left behind: the real ones wait on, and may still change the cluster."""
    for process in psutil.process_iter(["cmdline"]):
        command: list[str] = process.info["cmdline"] or []
        try:
            parent = process.parent()
            if (
                command
                and Path(command[0]).is_relative_to(home.plugins / "plugins")
                and (not parent or parent.name() != "pulumi")
            ):
                process.kill()
        except psutil.NoSuchProcess:
            continue


def mend_torn_files(home: Home) -> None:
    """Remove the side files that a killed engine left empty: with one the backend says only "EOF" of a good state."""
    for side_file in home.state.rglob("*.attrs"):
        if side_file.stat().st_size == 0:
            side_file.unlink()
            say(f"the last run was killed while it wrote {side_file.stem}, its torn side file is removed")


def live_holder(lock: Path) -> str | None:
    """Who holds a lock, in words; None if it was a process of this machine that is gone."""
    try:
        content: object = json.loads(lock.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if not is_mapping(content):
        return None
    pid, host, stamp = content.get("pid"), content.get("hostname"), str(content.get("timestamp"))
    if host != socket.gethostname():
        return f"pid {pid} on {host}, since {stamp}"
    taken = dt.datetime.fromisoformat(stamp).timestamp()
    return f"pid {pid}, since {stamp}" if isinstance(pid, int) and is_engine(pid, taken) else None


def is_engine(pid: int, taken: float) -> bool:
    """Whether the process that took a lock still runs; a younger process only has its pid."""
    try:
        process = psutil.Process(pid)
        return runs(process) and process.create_time() <= taken + CLOCK_TOLERANCE_SECONDS
    except psutil.NoSuchProcess:
        return False
