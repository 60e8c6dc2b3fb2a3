"""The conformance kit's word on this codec."""

import msgpack

from plugwire.testing import CodecSuite
from plugwire_msgpack import Msgpack


class TestMsgpack(CodecSuite):
    plugin = Msgpack
    capabilities = ("bytes", "frames", "nonfinite")
    raw = msgpack.packb
