"""The fixtures, used as an application uses them."""

import subprocess
import sys

import pytest

from plugwire import ConnectionFailed
from plugwire.memory import _registry

pytest_plugins = ["plugwire.testing.fixtures"]


async def test_a_pair_talks_both_ways(plugwire_pair):
    async with plugwire_pair("load") as (server, client):

        @server.on_message
        def answer(client, message):
            return {"echo": message.data["n"]}

        assert server.addresses == {"main": "memory:load"}
        server.broadcast({"n": 1})
        assert (await client.receive(timeout=5)).data == {"n": 1}
        reply = await client.request({"n": 2}, timeout=5)
        assert reply.data == {"echo": 2}
    assert not _registry._live


async def test_more_clients_come_to_a_server_of_the_test(
    plugwire_server, plugwire_client
):
    async with (
        plugwire_server("load") as server,
        plugwire_client("load") as one,
        plugwire_client("load", receive=False) as sender,
    ):
        assert len(server.clients) == 1
        assert one.client_id == 1
        assert sender.client_id is None


async def test_overrides_go_to_both(plugwire_pair):
    async with plugwire_pair(allow_client_send=False, codec="json") as (
        server,
        client,
    ):
        assert not client.can_send
        assert server.event_name == client.event_name == "test"
        assert client.server.codec == "json"


@pytest.mark.parametrize("time", ["first", "second"])
async def test_tests_do_not_meet(plugwire_client, plugwire_settings, time):
    with pytest.raises(
        ConnectionFailed, match=plugwire_settings["socket_dir"]
    ):
        await plugwire_client("load", default_timeout=0).connect()


def test_plugwire_testing_does_not_import_pytest():
    code = "import sys, plugwire.testing; sys.exit('pytest' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
