"""Long-running programs of the sandbox: started in sessions of their own, recognised later, stopped cleanly."""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from sandbox.paths import Home

GRACE_SECONDS = 15.0
POLL_SECONDS = 0.03
# The clock by which a process's start is reported moves a little when the machine's time is corrected.
SAME_START_SECONDS = 2.0


@dataclass(frozen=True)
class Record:
    """The identity of a started process: its pid alone is not enough, because pids are reused."""

    name: str
    pid: int
    started: float
    program: str

    def process(self) -> psutil.Process | None:
        """The process, or None if it ended or its pid now belongs to another program."""
        try:
            process = psutil.Process(self.pid)
            if not runs(process) or abs(process.create_time() - self.started) > SAME_START_SECONDS:
                return None
            # A process that is just being started has no command line for a moment.
            return process if process.cmdline()[:1] in ([], [self.program]) else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None


def start(home: Home, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Record:
    """Start a program in a session of its own, so that Ctrl-C in the terminal does not reach it, and record it."""
    with (home.logs / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True, cwd=home.folder, env=environment,
        )  # fmt: skip
    process.returncode = 0  # it outlives this command; one without an end is reported as a leak when it is dropped
    record = Record(name, process.pid, psutil.Process(process.pid).create_time(), command[0])
    record_file(home, name).write_text(json.dumps(asdict(record)), encoding="utf-8")
    return record


def record_file(home: Home, name: str) -> Path:
    """Return the file that records a component's process."""
    return home.run / f"{name}.json"


def recorded(home: Home, name: str) -> Record | None:
    """Return the process that was last started under this name; None without a readable record."""
    try:
        return Record(**json.loads(record_file(home, name).read_text(encoding="utf-8")))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def running(home: Home, name: str) -> psutil.Process | None:
    """Return the component's process, if it runs."""
    record = recorded(home, name)
    return record.process() if record else None


def stop(home: Home, names: Sequence[str]) -> None:
    """End the named components together: TERM first, KILL for what is still there after the grace period."""
    processes = [process for name in names if (process := running(home, name)) is not None]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    alive = wait(processes)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait(alive)
    for name in names:
        record_file(home, name).unlink(missing_ok=True)


def wait(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those of the processes that still run after the grace period."""
    deadline = time.monotonic() + GRACE_SECONDS
    alive = list(processes)
    while alive and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        alive = [process for process in psutil.wait_procs(alive, timeout=0)[1] if runs(process)]
    return alive


def runs(process: psutil.Process) -> bool:
    """Return whether a process still does something: one that ended stays in the table until its parent has noticed."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def last_line(home: Home, name: str) -> str:
    """Return the last line of a component's log that is not empty."""
    try:
        text = (home.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "no log"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "an empty log"
