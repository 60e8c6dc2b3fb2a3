"""The conformance kit's word on this codec."""

import json

from plugwire.testing import CodecSuite
from plugwire_json import Json


class TestJson(CodecSuite):
    plugin = Json
    capabilities = ("lines",)
    raw = staticmethod(lambda value: json.dumps(value).encode())
