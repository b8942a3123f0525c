"""Messages from a provider to the person at the engine."""

from __future__ import annotations

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2

_METHOD = "/pulumirpc.Engine/Log"


class EngineLog:
    """Writes diagnostics of resources to the engine; silent without an address, as in tests."""

    def __init__(self, address: str) -> None:
        channel = grpc.insecure_channel(address) if address else None
        self._log = channel and channel.unary_unary(
            _METHOD, engine_pb2.LogRequest.SerializeToString, empty_pb2.Empty.FromString
        )

    def warn(self, urn: str, message: str) -> None:
        """Show a warning beside the resource."""
        self._write(engine_pb2.WARNING, urn, message)

    def status(self, urn: str, message: str) -> None:
        """Show what an operation waits for; gone when it ends."""
        self._write(engine_pb2.INFO, urn, message, ephemeral=True)

    def _write(
        self, severity: engine_pb2.LogSeverity.ValueType, urn: str, message: str, *, ephemeral: bool = False
    ) -> None:
        if self._log is None:
            return
        request = engine_pb2.LogRequest(severity=severity, urn=urn, message=message, ephemeral=ephemeral)
        try:
            self._log(request, timeout=5)
        except grpc.RpcError:
            return  # an engine that is going away needs no messages
