"""The JSON Schema of the settings file."""

import re

from plugwire.cli.schema import schema
from plugwire.core_keys import TOP_KEYS
from plugwire.loading import load_settings
from plugwire.plugins import installed_names
from plugwire.settings import DOOR_KEYS


def table(found):
    return found["properties"]["plugwire"]["properties"]


def test_every_key_of_the_core_is_described():
    keys = table(schema(load_settings({}), installed=False))
    assert set(TOP_KEYS) <= set(keys)
    assert keys["max_connections"]["minimum"] == 1
    assert keys["max_connections"]["default"] == 10
    assert keys["lag"]["enum"][0] == "disconnect"
    assert keys["default_timeout"]["maximum"] > 0


def test_names_of_plugins_are_offered_and_picks_are_taken():
    keys = table(schema(load_settings({}), installed=False))
    names, pick = keys["codec"]["anyOf"]
    assert {"json", "msgpack"} <= set(names["enum"])
    assert "tcp" not in names["enum"]
    assert re.search(pick["pattern"], "json@plugwire-json")
    assert not re.search(pick["pattern"], "json@")
    assert "fifo" in keys["queue"]["anyOf"][0]["enum"]
    assert "peer" in keys["permissions"]["items"]["anyOf"][0]["enum"]
    assert keys["permissions"]["minItems"] == 1


def test_sections_of_named_plugins_are_described():
    settings = load_settings(
        {"listen": {"a": {"transport": "tcp"}, "b": {"transport": "unix"}}}
    )
    found = schema(settings, installed=False)
    assert table(found)["tcp"] == {"$ref": "#/$defs/tcp"}
    tcp = found["$defs"]["tcp"]
    assert tcp["properties"]["port_range_start"]["default"] == 9000
    assert tcp["additionalProperties"] is False
    assert "required" not in tcp
    # What the transports propose is named by them.
    assert {"peer", "token", "unix", "fifo"} <= set(found["$defs"])
    assert "history" not in found["$defs"]
    assert table(found)["history"] == {"type": "object"}


def test_permissions_that_are_named_take_the_place_of_proposals():
    settings = load_settings({"permissions": ["rules", "peer"]})
    found = schema(settings, installed=False)
    assert "#/$defs/rules.Rule" in str(found["$defs"]["rules"])
    assert "rules.Rule" in found["$defs"]


def test_a_door_takes_its_keys_and_sections():
    found = schema(load_settings({}), installed=False)
    door = table(found)["listen"]["additionalProperties"]
    assert set(DOOR_KEYS) <= set(door["properties"])
    assert "timezone" not in door["properties"]
    assert door["properties"]["unix"] == {"$ref": "#/$defs/unix"}


def test_all_that_is_installed_is_described_on_request():
    found = schema(load_settings({}), installed=True)
    assert set(found["$defs"]) >= installed_names()


def test_one_without_settings_has_an_empty_section():
    found = schema(load_settings({"codec": "json"}), installed=False)
    assert found["$defs"]["json"] == {"type": "object", "maxProperties": 0}


def test_one_that_cannot_be_imported_is_told_and_left_out(
    acme, monkeypatch, capsys
):
    monkeypatch.setenv("PLUGWIRE_DISABLE", "strict")
    found = schema(load_settings({}), installed=True)
    assert "acme" in found["$defs"]
    assert "poison" not in found["$defs"]
    assert "strict" not in found["$defs"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("plugwire: ")
    assert "poison" in line


def test_fields_with_a_factory_have_no_default(acme):
    found = schema(load_settings({"codec": "acme"}), installed=False)
    assert found["$defs"]["acme"]["properties"]["level"]["default"] == 1
    assert "default" not in found["$defs"]["acme"]["properties"]["tags"]


def test_one_that_is_named_and_missing_is_told(capsys):
    settings = load_settings({"codec": "jsno", "transport": "tpc"})
    found = schema(settings, installed=False)
    assert "fifo" in found["$defs"]
    codec, transport = sorted(capsys.readouterr().err.splitlines())
    assert "no codec named 'jsno'" in codec
    assert "no transport named 'tpc'" in transport


def test_every_key_of_the_core_says_what_it_is():
    found = table(schema(load_settings({}), installed=False))
    door = found["listen"]["additionalProperties"]["properties"]
    for keys, names in ((found, TOP_KEYS), (door, DOOR_KEYS)):
        for name in names:
            assert keys[name]["description"].endswith("."), name
