"""What the settings name."""

from __future__ import annotations

import argparse

from plugwire.cli.doctor.case import Case
from plugwire.cli.options import add_shared


def case(*args: str) -> Case:
    parser = argparse.ArgumentParser()
    add_shared(parser)
    return Case(parser.parse_args(args, argparse.Namespace(event="load")))


def named(of: Case) -> list[tuple[str, str, str]]:
    return [(n.kind, n.word, n.where.origin) for n in of.named]


def test_defaults_and_proposals_are_named():
    assert named(case()) == [
        ("queue", "fifo", "default"),
        ("transport", "unix", "default"),
        ("codec", "msgpack", "default"),
        ("permission", "peer", "the transport's proposal"),
    ]


def test_each_is_named_once_and_by_its_first_place():
    listen = 'listen={a={transport="tcp"}, b={transport="tcp", codec="json"}}'
    found = named(case("--set", listen, "--set", 'permissions=["anyone"]'))
    assert found == [
        ("queue", "fifo", "default"),
        ("transport", "tcp", "--set"),
        ("codec", "msgpack", "default"),
        ("permission", "anyone", "--set"),
        ("codec", "json", "--set"),
    ]


def test_what_may_not_be_imported_proposes_nothing(monkeypatch):
    monkeypatch.setenv("PLUGWIRE_DISABLE", "unix")
    of = case()
    assert [n.word for n in of.named] == ["fifo", "unix", "msgpack"]
    assert [n.word for n in of.usable] == ["fifo", "msgpack"]
    assert of.composed is None


def test_one_child_for_each_plugin():
    of = case()
    one = of.imported(of.named[0])
    assert of.imported(of.named[0]) is one
