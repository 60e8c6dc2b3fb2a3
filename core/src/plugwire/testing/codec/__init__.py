"""The conformance kit of codecs.

An author's whole test file::

    import cbor2
    from plugwire.testing import CodecSuite
    from plugwire_cbor import Cbor

    class TestCbor(CodecSuite):
        plugin = Cbor
        capabilities = ("bytes", "frames", "nonfinite")
        raw = cbor2.dumps

`raw` writes any value in the format, unchecked: with it the kit plays the
hostile peer. A format that has no such function goes without, and the checks
that need it are skipped.
"""

from __future__ import annotations

from plugwire.testing.codec.fields import Fields
from plugwire.testing.codec.foreign import Foreign
from plugwire.testing.codec.frames import Frames
from plugwire.testing.codec.hostile import Hostile
from plugwire.testing.codec.idle import Idle
from plugwire.testing.codec.limits import Limits
from plugwire.testing.codec.own import Own
from plugwire.testing.codec.peers import Peers
from plugwire.testing.codec.shapes import Shapes
from plugwire.testing.codec.values import Values
from plugwire.testing.codec.views import Views
from plugwire.testing.codec.whole import Whole

__all__ = ["CodecSuite"]


class CodecSuite(
    Shapes,
    Values,
    Foreign,
    Fields,
    Frames,
    Limits,
    Hostile,
    Peers,
    Own,
    Idle,
    Views,
    Whole,
):
    """What `plugwire.interfaces.Encoder` and `Decoder`, the values of
    `plugwire.values` and docs/wire-format.md ask of a codec."""
