"""`PermissionSuite`: what a permission owes to those whom it guards.

An author's whole test file::

    from plugwire.testing import PermissionSuite
    from plugwire_office import Office

    class TestOffice(PermissionSuite):
        plugin = Office
        capabilities = ("gate", "everyone")
"""

from __future__ import annotations

from plugwire.testing.permission.admitting import Admitting
from plugwire.testing.permission.checking import Checking
from plugwire.testing.permission.confirming import Confirming
from plugwire.testing.permission.doubting import Doubting
from plugwire.testing.permission.offering import Offering
from plugwire.testing.permission.proving import Proving
from plugwire.testing.permission.secrecy import Secrecy
from plugwire.testing.permission.serving import Serving

__all__ = ["PermissionSuite"]


class PermissionSuite(
    Offering,
    Admitting,
    Proving,
    Confirming,
    Doubting,
    Secrecy,
    Checking,
    Serving,
):
    """Subclass it, and name the plugin and what it promises.

    `friend` is a peer that is let in, `stranger` one that is not where the
    gate goes by who it is; override these fixtures where ourselves and
    another uid are not that. `foreign_section` is a section with another
    secret; `secrets` are those that nobody may be told.
    """
