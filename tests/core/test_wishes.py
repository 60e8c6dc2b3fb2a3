"""The operator's word on plugins."""

from __future__ import annotations

import pytest

from plugwire import ConfigurationError, load_settings
from plugwire.compose import compose_server
from plugwire.wishes import Wishes, misspelt, names, operator


@pytest.mark.parametrize(
    "text",
    [
        '["json"]',
        "json msgpack",
        "json;msgpack",
        "plugwire-json==0.1.0",
        "plugwire-*",
        "json\nmsgpack",
        "'json'",
        "plugwire-json[zstd]",
        "json@",
        "json@a@b",
        "j\u0455on",
        "tcp,json:",
    ],
)
@pytest.mark.parametrize("variable", ["PLUGWIRE_DISABLE", "PLUGWIRE_ALLOW"])
def test_what_can_be_no_name_is_an_error(monkeypatch, text, variable):
    monkeypatch.setenv(variable, text)
    (problem,) = misspelt(operator())
    assert problem.key == "plugwire"
    assert problem.origin == f"environment {variable}"
    assert problem.expected == (
        "names of plugins or distributions with commas between"
    )
    assert problem.mend == f"write {variable}=json,plugwire-tcp"
    with pytest.raises(ConfigurationError, match=variable):
        load_settings()
    with pytest.raises(ConfigurationError, match=variable):
        compose_server("cpu", load_settings({}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        "json",
        " json , plugwire-tcp,",
        "codec.json",
        "json@plugwire-json",
        "codec.json @ Plugwire_JSON",
        "Plugwire.Json",
        "7zip-codec",
    ],
)
def test_names_and_distributions_are_taken(text):
    assert misspelt(Wishes(text, text)) == ()


def test_each_variable_is_told_once():
    origins = [p.origin for p in misspelt(Wishes("a b,c d", "e f"))]
    assert origins == [
        "environment PLUGWIRE_DISABLE",
        "environment PLUGWIRE_ALLOW",
    ]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("acme", True),
        ("ACME", True),
        ("codec.acme", True),
        ("queue.acme", False),
        ("acme@Acme_Codec", True),
        ("acme@other", False),
        ("acme.codec", True),
        ("acm", False),
    ],
)
def test_a_word_means_a_plugin_by_name_or_distribution(word, meant):
    assert names(word, "codec", "acme", "acme-codec") is meant
