"""Serves a provider to the Pulumi engine: the SDK's servicer with unknown values, clear errors and a watched parent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from pulumi.provider.experimental import server
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import DiffRequest
from pulumi.runtime import proto
from pulumi.runtime.proto import engine_pb2, provider_pb2_grpc

from sandbox.providers import wire
from sandbox.providers.errors import PlainErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.protobuf import struct_pb2
    from pulumi.provider.experimental.provider import Provider

# The engine runs 4 x CPUs operations at once, each of which may wait for minutes.
_WORKERS = 200
_GRACE_SECONDS = 3
_MESSAGE_LIMIT = 400 * 1024 * 1024
_OPTIONS = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]


_LOG = "/pulumirpc.Engine/Log"


class EngineLog:
    """Writes diagnostics of resources to the engine; silent without an address, as in tests."""

    def __init__(self, address: str) -> None:
        channel = grpc.insecure_channel(address) if address else None
        self._log = channel and channel.unary_unary(
            _LOG, engine_pb2.LogRequest.SerializeToString, empty_pb2.Empty.FromString
        )

    def status(self, urn: str, message: str) -> None:
        """Show what an operation waits for; gone when it ends."""
        if self._log is None:
            return
        request = engine_pb2.LogRequest(severity=engine_pb2.INFO, urn=urn, message=message, ephemeral=True)
        try:
            self._log(request, timeout=5)
        except grpc.RpcError:
            return  # an engine that is going away needs no messages


class _PropertyValue(PropertyValue):
    """The functions that the SDK's servicer calls to read and write values."""

    @staticmethod
    def unmarshal_map(value: struct_pb2.Struct) -> dict[str, PropertyValue]:
        return wire.unmarshal_map(value)

    @staticmethod
    def marshal_map(value: Mapping[str, PropertyValue]) -> struct_pb2.Struct:
        return wire.marshal_map(value)


class Servicer(server.ProviderServicer):
    """The SDK's servicer, with a `DiffConfig` that keeps what the provider says."""

    async def DiffConfig(self, request: proto.DiffRequest, context: object) -> proto.DiffResponse:  # noqa: ARG002, N802
        """Answer whether a changed configuration replaces the provider."""
        olds, news = wire.unmarshal_map(request.olds), wire.unmarshal_map(request.news)
        ask = DiffRequest(request.urn, request.id, olds, news, list(request.ignoreChanges))
        answer = await self._provider.diff_config(ask)
        changes = proto.DiffResponse.DIFF_SOME if answer.changes else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=changes, replaces=answer.replaces, diffs=answer.diffs)


def serve(make_provider: Callable[[EngineLog], Provider], version: str) -> None:
    """Serve until the engine ends; the last argument of the process is the engine's address."""
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    address = addresses[-1] if addresses else ""
    setattr(server, "PropertyValue", _PropertyValue)  # noqa: B010 (a seam the SDK does not offer)
    provider = make_provider(EngineLog(address))
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    asyncio.run(_serve(Servicer([], version, provider, address)))


async def _serve(servicer: Servicer) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_WORKERS))
    interceptors: list[grpc.aio.ServerInterceptor] = [PlainErrors()]
    listener = grpc.aio.server(interceptors=interceptors, options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, listener)
    port = listener.add_insecure_port("127.0.0.1:0")
    await listener.start()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # how the engine ends its plugins
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await ended.wait()
    await listener.stop(0)
    threading.Thread(target=_end_late, daemon=True).start()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)  # the engine was killed: what waits in a thread would keep the process


def _end_late() -> None:
    time.sleep(_GRACE_SECONDS)
    os._exit(0)  # a request that hangs in a thread must not keep the process
