"""The workshop's policy pack: `pulumi preview --policy-pack policies`."""

import sys
from importlib import import_module
from io import FileIO, TextIOWrapper
from pathlib import Path

# The engine runs this folder, which is then what imports start from; the pack is a part of the project.
sys.path[0] = str(Path(__file__).resolve().parents[1])
# The SDK prints its port for the engine without flushing it; SDK and engine would then wait for each other for ever.
sys.stdout = TextIOWrapper(FileIO(1, "w", closefd=False), write_through=True)

import_module("policies.pack").serve()
