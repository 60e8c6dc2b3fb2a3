"""Test modules import `sound_extensions` from this folder, no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "sound_extensions", Path(__file__).with_name("sound_extensions.py")
)
assert _spec is not None
assert _spec.loader is not None
sys.modules["sound_extensions"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["sound_extensions"])
