"""Test modules import `sound_queues` from this folder, no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "sound_queues", Path(__file__).with_name("sound_queues.py")
)
assert _spec is not None
assert _spec.loader is not None
sys.modules["sound_queues"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["sound_queues"])
