"""`ExtensionSuite`: what an extension owes to the pipeline that it wraps.

An author's whole test file::

    from plugwire.testing import ExtensionSuite
    from plugwire_compress import Compress

    class TestCompress(ExtensionSuite):
        plugin = Compress
        capabilities = ("encoder", "decoder", "changes_bytes")
"""

from __future__ import annotations

from plugwire.testing.extension.bounds import Bounds
from plugwire.testing.extension.coding import Coding
from plugwire.testing.extension.guarding import Guarding
from plugwire.testing.extension.serving import Serving
from plugwire.testing.extension.stacking import Stacking
from plugwire.testing.extension.wrapping import Wrapping

__all__ = ["ExtensionSuite"]


class ExtensionSuite(Wrapping, Coding, Bounds, Guarding, Stacking, Serving):
    """Subclass it, and name the plugin and the layers that it wraps."""
