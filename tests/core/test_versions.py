"""Which versions of plugwire are asked for, and whether this is one."""

from __future__ import annotations

import pytest

from plugwire import versions


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("plugwire", "plugwire"),
        (" Plug_Wire[new] >=1", "plug-wire"),
        ("plugwire_json>=0.1,<0.2", "plugwire-json"),
        (">=1", ""),
    ],
)
def test_a_requirement_is_about_a_distribution(requirement, name):
    assert versions.required_name(requirement) == name


@pytest.mark.parametrize(
    "requirement",
    [
        "plugwire",
        "plugwire>=0.1,<0.2",
        "plugwire (>=0.1)",
        "plugwire ~= 0.1",
        'plugwire>=9; python_version < "3"',
    ],
)
def test_what_admits_this_core_is_no_skew(monkeypatch, requirement):
    monkeypatch.setattr(versions, "__version__", "0.1.4")
    assert versions.skewed("acme 7", [requirement]) == ""


@pytest.mark.parametrize(
    ("requirement", "why"),
    [
        ("plugwire>=0.2", "acme 7 needs plugwire>=0.2, and this is plugwire"),
        ("plugwire<0.1.4", "acme 7 needs plugwire<0.1.4, and this is"),
        ("plugwire !=0.1.4", "acme 7 needs plugwire!=0.1.4"),
        ("plugwire >= one", "its Requires-Dist 'plugwire >= one' cannot"),
        ("plugwire>=" + "9" * 5000, "cannot be read"),
    ],
)
def test_what_excludes_this_core_is_told(monkeypatch, requirement, why):
    monkeypatch.setattr(versions, "__version__", "0.1.4")
    assert why in versions.skewed("acme 7", ["plugwire", requirement])


@pytest.mark.parametrize(
    ("version", "bounds"),
    [
        ("0.1.0", ">=0.1,<0.2"),
        ("0.12", ">=0.12,<0.13"),
        ("0.2.0rc1", ">=0.2,<0.3"),
        ("1", ">=1.0,<2"),
        ("2.3.4", ">=2.3,<3"),
    ],
)
def test_a_plugin_should_ask_for_what_it_was_made_with(
    monkeypatch, version, bounds
):
    monkeypatch.setattr(versions, "__version__", version)
    assert versions.recommended() == bounds


def test_what_is_lacking_is_told_as_pip_would_have_it(install):
    install("acme-there", {}, version="1.5")
    asked = [
        "plugwire>=9",
        "acme-there>=1",
        "acme-there>=2",
        "acme-nowhere[fast]>=2,<3",
        "acme-nowhere; python_version < '3'",
        "acme-nowhere; extra == 'test'",
        "no requirement !",
        f"acme-there=={'9' * 5000}",
    ]
    assert list(versions.lacking(asked)) == [
        (
            "it needs acme-there>=2, and 1.5 is installed",
            '"acme-there>=2"',
        ),
        (
            "it needs acme-nowhere[fast]<3,>=2, which is not installed",
            '"acme-nowhere[fast]<3,>=2"',
        ),
    ]
