"""The conformance kit's word on this codec."""

import msgspec

from plugwire.testing import CodecSuite
from plugwire_msgspec import Msgspec


class TestMsgspec(CodecSuite):
    plugin = Msgspec
    capabilities = ("bytes", "frames", "nonfinite")
    raw = msgspec.msgpack.encode
