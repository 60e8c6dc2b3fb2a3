"""From a word of the configuration to an instance, and what is told."""

from __future__ import annotations

import pytest
from toys import Codec, given, only, wrong

from plugwire import (
    PluginError,
    Problem,
    Settings,
)
from plugwire.chosen import place
from plugwire.compose import compose_server


def test_d3_a_plugins_section_reaches_its_instance(acme):
    settings = given(
        codec="acme",
        sections={"acme": {"level": 3}},
        listen={"main": {}, "side": {"acme": {"level": 4}}},
    )
    main, side = compose_server("x", settings).doors
    assert main.encoder.settings.level == 3
    assert side.encoder.settings.level == 4
    assert main.answers[1].distribution == "acme-codec 1.0"


def test_a_wrong_section_is_told_with_its_key(acme):
    settings = given(
        codec="acme",
        sections={"acme": {"levle": 3}},
    )
    problem = only(wrong(settings))
    assert problem.key == "plugwire.acme.levle"


def test_a_section_for_a_plugin_without_settings_is_wrong(acme):
    settings = given(codec="bare", sections={"bare": {"level": 3}})
    problem = only(wrong(settings))
    assert problem.key == "plugwire.bare"
    assert "has no settings" in problem.expected


def test_a_name_picks_its_distribution_and_keeps_its_section(acme):
    settings = given(codec="acme@Acme.Codec", sections={"acme": {"level": 7}})
    (door,) = compose_server("x", settings).doors
    assert door.encoder.settings.level == 7


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("poison", "SystemExit: 3"),
        ("picky", "cannot be made: ValueError: not today"),
        ("odd", "`Settings` that is no dataclass"),
        ("acmee", "no codec named 'acmee'"),
    ],
)
def test_a_broken_plugin_is_a_plugin_error(acme, name, words):
    settings = given(codec=name, origins={"plugwire.codec": "the file x.toml"})
    error = wrong(settings, PluginError)
    problem = only(error)
    assert words in problem.found
    assert (problem.key, problem.origin) == (
        "plugwire.codec",
        "the file x.toml",
    )
    assert problem.mend
    assert (error.kind, error.name) == ("codec", name)
    assert error.__cause__ is not None


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        (
            "def __init__(self, settings): ...",
            "its author must let the class take no arguments, or give it a "
            "dataclass `Settings`",
        ),
        (
            "Settings = Few\n    def __init__(self): ...",
            "its author must let the class take its `Settings`, as the one "
            "argument",
        ),
        (
            "def __init__(self): raise TypeError('x')",
            "check its settings, or name another codec",
        ),
    ],
)
def test_a_class_that_does_not_take_its_settings_is_the_authors(
    install, source, mend
):
    install(
        "acme-few",
        {"plugwire.codecs": {"few": "few_mod:Acme"}},
        modules={
            "few_mod": "from dataclasses import dataclass\n@dataclass\n"
            f"class Few: ...\nclass Acme:\n    {source}\n"
        },
    )
    problem = only(wrong(given(codec="few"), PluginError))
    assert "cannot be made: TypeError: " in problem.found
    assert problem.mend == mend


def test_a_plugin_may_say_that_its_settings_are_wrong(acme):
    assert only(wrong(given(codec="strict"))).key == "plugwire.strict"


def test_a_missing_transport_proposes_nothing():
    settings = given(transport="no_such", permissions=None)
    assert only(wrong(settings, PluginError)).key == "plugwire.transport"


def test_d4_a_door_tells_the_origin_of_what_it_has_from_above():
    settings = given(
        transport="memory",
        codec="nope",
        listen={"a": {"codec": "nix"}, "b": {}},
        origins={
            "plugwire.codec": "environment PLUGWIRE_CODEC",
            "plugwire.listen.a.codec": "the file x.toml, line 4",
        },
    )
    error = wrong(settings, PluginError)
    assert [(p.key, p.origin) for p in error.problems] == [
        ("plugwire.listen.a.codec", "the file x.toml, line 4"),
        ("plugwire.codec", "environment PLUGWIRE_CODEC"),
    ]


@pytest.mark.parametrize(
    ("settings", "door", "key", "told"),
    [
        (Settings(), "main", "codec", "default"),
        (
            Settings(codec="x"),
            "main",
            "codec",
            "plugwire.codec (the settings handed over)",
        ),
        (
            Settings(listen={"a": {"codec": "msgpack"}}),
            "a",
            "codec",
            "plugwire.listen.a.codec (the settings handed over)",
        ),
        (
            Settings(origins={"plugwire.codec": "call"}),
            "main",
            "codec",
            "plugwire.codec (call)",
        ),
        (
            Settings(sections={"acme": {"x": 1}}),
            "main",
            "acme",
            "plugwire.acme (the settings handed over)",
        ),
    ],
)
def test_d4_a_place_is_the_key_and_its_origin(settings, door, key, told):
    assert str(place(settings, door, key)) == told


def test_all_troubles_come_at_once(acme):
    known = Problem("plugwire.backlog", "file", "1 or more", "0")
    settings = given(
        queue="no_such_queue",
        sections={"acme": {"level": "high"}},
        listen={
            "main": {"codec": "acme"},
            "remote": {"codec": "msgpak", "permissions": ()},
        },
    )
    error = wrong(settings, problems=[known])
    assert error.problems[0] is known
    keys = {p.key for p in error.problems}
    assert keys == {
        "plugwire.backlog",
        "plugwire.acme.level",
        "plugwire.listen.remote.permissions",
        "plugwire.queue",
        "plugwire.listen.remote.codec",
    }


def test_plugin_troubles_alone_are_one_plugin_error():
    settings = given(
        queue="no_such_queue",
        listen={"a": {"codec": "nope"}, "b": {"transport": "nope"}, "c": {}},
    )
    error = wrong(settings, PluginError)
    assert [p.key for p in error.problems] == [
        "plugwire.queue",
        "plugwire.listen.a.codec",
        "plugwire.listen.b.transport",
    ]
    assert (error.kind, error.name) == ("queue", "no_such_queue")


def test_one_trouble_that_all_doors_share_is_told_once():
    settings = given(codec="nope", listen={"a": {}, "b": {}})
    assert only(wrong(settings, PluginError)).key == "plugwire.codec"


def test_a_class_is_no_instance():
    problem = only(wrong(given(codec=Codec)))
    assert problem.found == "the class Codec"
    assert "Codec(...)" in problem.mend
