"""The control plane: started once, recognised, told apart from strangers, stopped without a trace."""

import gc
import json
import os
import socket
import stat
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from threading import Timer

import psutil
import pytest
import yaml

from model.json_values import mapping, mappings
from sandbox import control_plane, ports, processes
from sandbox.api_client import connect
from sandbox.paths import Home
from sandbox.starting import COMPONENTS, NODES, node_ready
from tests.sandbox.sandbox_command import eventually, sandbox

pytestmark = pytest.mark.sandbox


def pids(home: Home) -> dict[str, int]:
    return {name: process.pid for name in COMPONENTS if (process := processes.running(home, name))}


def of_home(home: Home) -> list[str]:
    """Command lines that name the home: every component's does."""
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(home.folder) in line]


def configmap(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


def test_a_second_up_is_harmless(sandbox_home: Home) -> None:
    before = pids(sandbox_home)
    second = sandbox(sandbox_home.folder, "up")
    assert second.returncode == 0, second.stderr
    assert "already running" in second.stderr, "it says that nothing had to be done"
    assert pids(sandbox_home) == before, "the same processes run on"
    assert set(before) == set(COMPONENTS)


def test_a_control_plane_that_stalls_is_waited_for(sandbox_home: Home) -> None:
    before = pids(sandbox_home)
    etcd = processes.running(sandbox_home, "etcd")
    assert etcd is not None
    etcd.suspend()
    resumed = Timer(6, etcd.resume)  # the API server says after 4 seconds that it is not ready
    resumed.start()
    try:
        control_plane.up(sandbox_home)
    finally:
        resumed.join()
    assert pids(sandbox_home) == before, "a new start would also end the account and a canary's controller"


def test_status_shows_every_running_process(sandbox_home: Home, tmp_path: Path) -> None:
    running = sandbox(sandbox_home.folder, "status", COLUMNS="200")
    assert running.returncode == 0, running.stderr
    for name, pid in pids(sandbox_home).items():
        assert name in running.stderr
        assert str(pid) in running.stderr, f"the pid of {name} is shown"
    stopped = sandbox(tmp_path / "none", "status")
    assert stopped.returncode == 3, "scripts can tell a sandbox that does not run"
    assert "python -m sandbox up" in stopped.stderr, "it says how to start it"


def test_only_the_owner_reads_the_kubeconfig_and_the_keys(sandbox_home: Home) -> None:
    secret = [sandbox_home.kubeconfig, *sandbox_home.certificates.glob("*.key")]
    assert len(secret) == 6, "the kubeconfig and five keys"
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}


def test_the_kubeconfig_has_one_context_and_everything_embedded(sandbox_home: Home) -> None:
    config = mapping(yaml.safe_load(sandbox_home.kubeconfig.read_text(encoding="utf-8")))
    assert config["current-context"] == "sandbox"
    user = mapping(mappings(config["users"])[0]["user"])
    assert set(user) == {"client-certificate-data", "client-key-data"}, "no path that breaks when the file is copied"


def test_down_leaves_no_process_and_up_continues_with_the_same_objects_and_port(own_home: Home) -> None:
    assert sandbox(own_home.folder, "up").returncode == 0
    before, path = ports.recorded(own_home), "/api/v1/namespaces/default/configmaps/kept"
    connect(own_home).apply(path, configmap("kept"))
    assert len(of_home(own_home)) == len(COMPONENTS)
    stopped = sandbox(own_home.folder, "down")
    assert stopped.returncode == 0, stopped.stderr
    assert of_home(own_home) == [], "every component is gone"
    assert sandbox(own_home.folder, "up").returncode == 0
    assert ports.recorded(own_home) == before, "a kubeconfig that was copied stays good"
    assert connect(own_home).get(path) is not None, "the cluster's objects outlive a stop"
    sandbox(own_home.folder, "down", "--wipe")
    assert not own_home.folder.exists(), "--wipe removes everything"
    assert of_home(own_home) == []


def test_a_killed_component_is_noticed_and_the_next_up_makes_it_whole(own_home: Home) -> None:
    assert sandbox(own_home.folder, "up").returncode == 0
    victim = pids(own_home)["kube-apiserver"]
    psutil.Process(victim).kill()
    assert eventually(lambda: sandbox(own_home.folder, "status").returncode == 3)
    again = sandbox(own_home.folder, "up")
    assert again.returncode == 0, again.stderr
    assert f"kube-apiserver of the last start (pid {victim}) is gone" in again.stderr
    assert len(of_home(own_home)) == len(COMPONENTS), "nothing runs twice"


def test_nodes_whose_heartbeats_are_late_stay_ready(sandbox_home: Home) -> None:
    kwok = processes.running(sandbox_home, "kwok")
    assert kwok is not None
    kwok.suspend()
    try:
        time.sleep(60)
        assert all(node_ready(connect(sandbox_home), name) for name in NODES)
    finally:
        kwok.resume()


def test_a_program_that_outlives_its_starter_is_no_leak(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    home = Home(tmp_path / "home")
    home.make()
    processes.start(home, "sleeper", ["sleep", "60"])
    gc.collect()
    assert processes.running(home, "sleeper")
    processes.stop(home, ["sleeper"])
    assert [str(each.message) for each in recwarn] == []


def test_a_pid_that_another_program_has_now_is_never_killed(own_home: Home) -> None:
    own_home.make()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        record = {"name": "etcd", "pid": stranger.pid, "started": time.time() - 3600, "program": "/somewhere/etcd"}
        (own_home.run / "etcd.json").write_text(json.dumps(record), encoding="utf-8")
        stopped = sandbox(own_home.folder, "down")
        assert stopped.returncode == 0, stopped.stderr
        assert stranger.poll() is None, "a stale pid file must not cost a stranger its life"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_port_of_the_last_start_that_is_held_now_costs_one_sentence_and_other_ports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path)
    home.run.mkdir()
    before = ports.choose(home)
    assert ports.choose(home) == before, "a kubeconfig that was copied stays good"
    with socket.socket() as holder:
        holder.bind((ports.LOOPBACK, before.api))
        holder.listen()
        assert ports.choose(home).api != before.api
    said = capsys.readouterr().err
    assert f"port {before.api} of the last start is held by" in said
    assert f"(pid {os.getpid()})" in said, "it names the holder"


def test_ports_are_not_among_those_that_the_kernel_gives_to_outgoing_connections() -> None:
    lowest = int(ports.EPHEMERAL.read_text().split()[0])
    for _ in range(20):
        chosen = list(asdict(ports.fresh()).values())
        assert all(ports.LOWEST <= port < lowest for port in chosen), "else one is taken before the component starts"
        assert len(set(chosen)) == len(chosen)


def test_a_port_that_is_taken_between_its_choice_and_its_use_costs_nothing_but_another_choice(
    own_home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    choose, choices = ports.choose, list[ports.Ports]()

    def taken_at_first(home: Home) -> ports.Ports:
        choices.append(choose(home))
        if len(choices) == 1:
            holder.bind((ports.LOOPBACK, choices[0].controllers))
            holder.listen()
        return choices[-1]

    monkeypatch.setattr(ports, "choose", taken_at_first)
    with socket.socket() as holder:
        control_plane.up(own_home)
    assert len(choices) == 2, "one more choice was enough"
    assert ports.recorded(own_home) == choices[1]
    assert control_plane.healthy(own_home)
    assert "a port was taken by another program" in capsys.readouterr().err


def test_a_component_that_dies_at_its_start_gives_one_sentence_with_its_last_words(
    own_home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    etcd = folder / "etcd"
    etcd.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "etcd Version: 3.6.99" && exit\necho disk on fire >&2; exit 1\n'
    )
    etcd.chmod(0o755)
    died = sandbox(own_home.folder, "up", PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert died.returncode == 1, "the etcd on PATH fits, so it is the one that is started"
    assert "etcd ended while starting: disk on fire" in died.stderr
    assert str(own_home.logs / "etcd.log") in died.stderr
    assert "Traceback" not in died.stderr
    assert of_home(own_home) == [], "what had started already is stopped"
