"""`PackagingSuite`: a distribution as its users install it.

An author names the distribution, and nothing else::

    from plugwire.testing import PackagingSuite

    class TestPackaging(PackagingSuite):
        distribution = "plugwire-cbor"

It must be installed, editable or not. What it says of itself is read from
its metadata; its modules are imported in a fresh process, and the command
`plugwire` is run, as it will be elsewhere.
"""

from __future__ import annotations

from plugwire.testing.packaging.claims import Claims
from plugwire.testing.packaging.imports import Imports
from plugwire.testing.packaging.metadata import Metadata
from plugwire.testing.packaging.sections import Sections
from plugwire.testing.packaging.use import Use

__all__ = ["PackagingSuite"]


class PackagingSuite(Metadata, Claims, Imports, Sections, Use):
    """What makes a plugin's distribution fit for others' machines."""
