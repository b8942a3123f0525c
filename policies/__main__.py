"""The workshop's policy pack: `pulumi preview --policy-pack policies`."""

import sys
from importlib import import_module
from io import FileIO, TextIOWrapper
from pathlib import Path

# The engine runs this folder, which is then what imports start from; the pack is a part of the project.
sys.path[0] = str(Path(__file__).resolve().parents[1])
# The SDK tells the engine its port without flushing it, and then waits for ever, as the engine would for the port.
sys.stdout = TextIOWrapper(FileIO(1, "w", closefd=False), write_through=True)

import_module("policies.pack").serve()
