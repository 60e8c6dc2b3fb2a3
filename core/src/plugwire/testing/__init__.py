"""For programs that test themselves against plugwire.

`ChaosProxy` makes connections bad. `plugwire.testing.fixtures` holds pytest
fixtures; it is imported by pytest alone, which plugwire does not need.
"""

from plugwire.testing.flow import Flow
from plugwire.testing.proxy import ChaosProxy

__all__ = ["ChaosProxy", "Flow"]
