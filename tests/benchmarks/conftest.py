"""The benchmarks are a package of this folder's parent."""

import sys
from pathlib import Path

PARENT = str(Path(__file__).parents[1])
if PARENT not in sys.path:
    sys.path.append(PARENT)
