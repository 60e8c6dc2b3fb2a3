"""Finding plugins without importing them, and loading one by name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugwire import (
    ConfigurationError,
    PluginError,
    __version__,
    distributions,
    plugins,
)

CODECS = "plugwire.codecs"
CLASS = "class Acme:\n    pass\n"


def find(kind, name):
    return [
        found
        for found in plugins.installed()
        if (found.kind, found.name) == (kind, name)
    ]


def refusal(kind, word):
    with pytest.raises(PluginError) as caught:
        plugins.load(kind, word)
    error = caught.value
    assert error.kind == kind
    (problem,) = error.problems
    assert str(error) == f"{problem.found}; {problem.mend}"
    return error


def test_d3_an_installed_codec_is_found_and_loaded_by_its_name(install):
    install(
        "acme-codec",
        {CODECS: {"acme": "acme_codec:Acme"}},
        modules={"acme_codec": CLASS},
        requires=["plugwire>=0.1,<1", "msgspec"],
        version="2.3",
    )
    (found,) = find("codec", "acme")
    assert (found.distribution, found.version) == ("acme-codec", "2.3")
    assert found.value == "acme_codec:Acme"
    assert len(found.requires) == 1
    assert (found.state, found.why) == ("available", "")
    assert "acme_codec" not in sys.modules
    loaded = plugins.load("codec", "acme")
    assert loaded.cls.__name__ == "Acme"
    assert loaded.found.name == "acme"
    assert "acme" in plugins.installed_names()


def test_listing_imports_no_plugin_and_no_pydantic():
    code = (
        "import sys; from plugwire import plugins; plugins.installed();"
        "plugins.installed_names();"
        "print([m for m in sys.modules if m.startswith('plugwire_')"
        " or m in ('pydantic', 'dynaconf', 'plugwire.memory')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_importing_plugwire_reads_no_metadata():
    code = (
        "import sys, plugwire.plugins; "
        "print([m for m in ('importlib_metadata', 'packaging') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_short_program_imports_no_metadata_library():
    code = (
        "import sys; from plugwire import plugins; "
        "plugins.load('transport', 'unix'); plugins.load('queue', 'fifo'); "
        "print([m for m in ('importlib_metadata', 'importlib.metadata', "
        "'email', 'packaging', 'annotated_types', 'plugwire_queue.history') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_environment_is_read_once(install, monkeypatch):
    found = plugins.installed()
    monkeypatch.setattr(plugins, "entries", None)
    assert plugins.installed() == found


def test_two_hundred_distributions_are_looked_at_once(install, monkeypatch):
    """Each folder of sys.path is listed once a process, and each of their
    files read at most once, whatever is asked for afterwards."""
    for number in range(200):
        group = "console_scripts" if number % 20 else CODECS
        install(f"acme-{number}", {group: {f"acme{number}": "counted:Acme"}})
    listed, read = Counter(), Counter()
    listdir, text = os.listdir, distributions._text
    monkeypatch.setattr(
        os, "listdir", lambda *at: listed.update(at) or listdir(*at)
    )
    monkeypatch.setattr(
        distributions, "_text", lambda *at: read.update([at]) or text(*at)
    )
    plugins.rescan()
    assert len(plugins.installed()) > 10
    places = [root for root in sys.path if "site" in Path(root).name]
    assert len(places) >= 200
    assert {listed[root] for root in places} == {1}
    assert set(read.values()) == {1}
    before = listed.copy(), read.copy()
    plugins.installed()
    assert "acme0" in plugins.installed_names()
    assert plugins.find("codec", "acme20").distribution == "acme-20"
    with pytest.raises(PluginError):
        plugins.find("codec", "no_such_codec")
    metadata = [place for place, name in read if name == "METADATA"]
    assert len([place for place in metadata if "acme" in place]) == 10
    assert read == before[1]
    distributions.entries()  # what a second scan would do
    assert read != before[1]


@pytest.mark.parametrize(
    ("requirement", "state"),
    [
        ("plugwire", "available"),
        ("plugwire>=0.1", "available"),
        ("plugwire >= 0.1.0 , < 1", "available"),
        ("Plugwire<1,>=0.1.0.0", "available"),
        ("plugwire>=9", "incompatible"),
        ("plugwire<0.1", "incompatible"),
        ("plugwire>=0.1,<0.1.0", "incompatible"),
        ("plugwire~=0.1", "available"),
        ("plugwire==9.*", "incompatible"),
        ("plugwire!=0.0.1", "available"),
        ("plugwire>=9; extra == 'more'", "available"),
        ("plugwire>=9; python_version > '3'", "incompatible"),
        ("plugwire[top]>=0.1", "available"),
        ("plugwire (>=0.1)", "available"),
        ("plugwire>=0.1rc1", "available"),
        ("plugwire>=", "incompatible"),
    ],
)
def test_requirements_are_read_as_packaging_reads_them(
    install, requirement, state
):
    install("acme-codec", {CODECS: {"acme": "x:Y"}}, requires=[requirement])
    (found,) = find("codec", "acme")
    assert found.state == state, found.why


@pytest.mark.parametrize(
    "source",
    [
        "raise RuntimeError('poison')",
        "raise SystemExit('poison')",
        "raise GeneratorExit('poison')",
        "import asyncio; raise asyncio.CancelledError('poison')",
        "import pytest; pytest.skip('poison', allow_module_level=True)",
        "import no_such_poison_module",
        "class Other: pass",
    ],
)
def test_a_poison_plugin_hurts_only_when_it_is_named(install, source):
    install(
        "acme-poison",
        {CODECS: {"poison": "poison_mod:Acme"}},
        modules={"poison_mod": source},
    )
    install(
        "acme-good",
        {CODECS: {"good": "good_mod:Acme"}},
        modules={"good_mod": CLASS},
    )
    plugins.load("codec", "good")
    assert "poison_mod" not in sys.modules
    error = refusal("codec", "poison")
    assert error.distribution == "acme-poison"
    assert "(acme-poison 1.0) cannot be imported" in str(error)
    assert error.__cause__ is not None
    assert type(error.__cause__).__name__ in str(error)


def test_an_interrupt_is_no_fault_of_the_plugin(install):
    install(
        "acme-slow",
        {CODECS: {"slow": "slow_mod:Acme"}},
        modules={"slow_mod": "raise KeyboardInterrupt"},
    )
    with pytest.raises(KeyboardInterrupt):
        plugins.load("codec", "slow")


def test_a_target_that_is_no_class_is_refused(install):
    install(
        "acme-fun",
        {CODECS: {"fun": "fun_mod:acme"}},
        modules={"fun_mod": "def acme(): pass"},
    )
    assert "is no class" in str(refusal("codec", "fun"))


def test_what_is_missing_is_told_with_the_nearest_name(install):
    install("acme-codec", {CODECS: {"acme": "x:Y"}})
    error = refusal("codec", "acmee")
    assert "no codec named 'acmee' is installed" in str(error)
    assert "acme" in str(error).partition("(installed: ")[2]
    assert error.problems[0].mend.startswith("did you mean 'acme'?")


def test_what_is_like_nothing_is_to_be_installed():
    error = refusal("transport", "pigeon")
    assert error.problems[0].mend == (
        "install the distribution that brings it"
    )


def test_a_name_of_another_kind_is_said_to_be_one():
    error = refusal("queue", "tcp")
    assert error.problems[0].mend == (
        "'tcp' names a transport: write fifo, history or none here"
    )
    error = refusal("codec", "metrics")
    assert error.problems[0].mend.startswith("'metrics' names an extension: ")


def test_several_names_in_one_word_are_told_to_be_one():
    (problem,) = refusal("queue", "fifo,history").problems
    assert problem.mend == "name one, 'fifo' say"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("\n\nraise ValueError('no')", "ValueError: no ({path}:3)"),
        ("\nimport acme_nowhere", "No module named 'acme_nowhere' ({path}:2)"),
        ("def f():\n    raise OSError('x')\nf()", "OSError: x ({path}:2)"),
        ("a = 1\nb = = 2", "SyntaxError: invalid syntax ({path}:2)"),
        ("Other = 1", "has no attribute 'Acme'"),
    ],
)
def test_what_an_import_raised_is_told_with_its_line(install, source, words):
    folder = install(
        "acme-line",
        {CODECS: {"line": "line_mod:Acme"}},
        modules={"line_mod": source},
    )
    error = refusal("codec", "line")
    wanted = words.format(path=folder / "line_mod.py")
    assert f"{wanted}; repair acme-line" in str(error)
    assert error.problems[0].expected == ""


def test_a_plugin_that_lacks_something_is_told_how_to_get_it(install):
    install(
        "acme-line",
        {CODECS: {"line": "line_mod:Acme"}},
        modules={"line_mod": "import acme_nowhere"},
        requires=["plugwire>=0.1", "acme-nowhere>=2"],
    )
    error = refusal("codec", "line")
    assert error.problems[0].mend == (
        'pip install "acme-nowhere>=2", or name another codec'
    )


def test_what_is_found_is_not_imported(install):
    install(
        "acme-codec",
        {CODECS: {"acme": "never_mod:Acme"}},
        modules={"never_mod": "raise RuntimeError"},
    )
    assert plugins.find("codec", "acme").distribution == "acme-codec"
    with pytest.raises(PluginError, match="no codec named 'acmee'"):
        plugins.find("codec", "acmee")
    assert "never_mod" not in sys.modules


@pytest.mark.parametrize(
    ("kind", "name", "distribution"),
    [
        ("codec", "json", "plugwire-json"),
        ("queue", "fifo", "plugwire-queue"),
        ("permission", "token", "plugwire-permissions"),
    ],
)
def test_a_first_party_plugin_comes_with_its_command(
    install, monkeypatch, tmp_path, kind, name, distribution
):
    # Only the core, as a distribution with its own extras, is visible.
    install(
        "plugwire",
        {},
        requires=[
            f"plugwire-{tail}>=0.1.0,<1; extra == 'standard'"
            for tail in ("json", "queue", "permissions")
        ],
    )
    monkeypatch.setattr(sys, "path", sys.path[-1:])
    plugins.rescan()
    error = refusal(kind, name)
    assert f"pip install {distribution}" in str(error)
    assert "(nothing is installed of this kind)" in str(error)


def test_without_the_cores_metadata_there_is_no_command(
    install, monkeypatch, tmp_path
):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    plugins.rescan()
    assert "pip install" not in str(refusal("codec", "json"))


def two_claims(install):
    for tail in ("one", "two"):
        install(
            f"Acme_{tail}",
            {CODECS: {"acme": f"claim_{tail}:Acme"}},
            modules={f"claim_{tail}": CLASS},
        )


def test_two_claims_are_an_error_when_used_and_a_pick_decides(install):
    two_claims(install)
    one, two = find("codec", "acme")
    assert one.state == two.state == "doubled"
    assert "Acme_one and Acme_two" in one.why
    error = refusal("codec", "acme")
    for part in ("Acme_one", "Acme_two", '"acme@Acme_two"'):
        assert part in str(error)
    assert "claim_one" not in sys.modules
    loaded = plugins.load("codec", "acme@acme-two")
    assert loaded.found.distribution == "Acme_two"
    assert "claim_one" not in sys.modules
    error = refusal("codec", "acme@acme-three")
    assert "acme@Acme_one or acme@Acme_two" in error.problems[0].mend


def test_blocking_one_claimant_leaves_the_other(install, monkeypatch):
    two_claims(install)
    monkeypatch.setenv("PLUGWIRE_DISABLE", "acme-one")
    assert plugins.load("codec", "acme").found.distribution == "Acme_two"


def test_one_distribution_on_two_paths_counts_once(install):
    first = {CODECS: {"acme": "twice_mod:Acme"}}
    install("acme-codec", first, modules={"twice_mod": CLASS}, version="2.0")
    install("Acme.Codec", first, modules={"twice_mod": CLASS}, version="1.0")
    (found,) = find("codec", "acme")
    assert (found.version, found.state) == ("2.0", "available")


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(data=st.data())
def test_the_order_of_the_environment_decides_nothing(
    shuffled_sites, data, request
):
    sites, expected, rest = shuffled_sites
    order = data.draw(st.permutations(sites))
    before = list(sys.path)
    try:
        sys.path[:] = [*order, *rest]
        plugins.rescan()
        assert plugins.installed() == expected
        keys = [(f.kind, f.name, f.distribution) for f in expected]
        assert keys == sorted(keys)
    finally:
        sys.path[:] = before


@pytest.fixture
def shuffled_sites(install):
    two_claims(install)
    install("acme-q", {"plugwire.queues": {"acme": "q:Q", "zz": "q:Z"}})
    install("acme-t", {"plugwire.transports": {"acme": "t:T"}})
    sites = sys.path[-4:]
    return sites, plugins.installed(), sys.path[:-4]


@pytest.mark.parametrize(
    "words",
    [
        "acme",
        "codec.acme",
        "acme-codec",
        "Acme.Codec",
        "x, acme ,",
        "ACME",
        "Codec.Acme",
        "acme@acme-codec",
        "codec.acme@Acme_Codec",
    ],
)
def test_a_disabled_plugin_is_refused_before_import(
    install, monkeypatch, words
):
    install(
        "acme-codec",
        {CODECS: {"acme": "blocked_mod:Acme"}},
        modules={"blocked_mod": CLASS},
    )
    monkeypatch.setenv("PLUGWIRE_DISABLE", words)
    (found,) = find("codec", "acme")
    assert found.state == "blocked"
    error = refusal("codec", "acme")
    assert "PLUGWIRE_DISABLE" in str(error)
    assert "take" in error.problems[0].mend
    assert "blocked_mod" not in sys.modules


@pytest.mark.parametrize(
    "words", ["", "queue.acme", "acme2", " , ", "acme@other", "@acme-codec"]
)
def test_disabling_others_leaves_it(install, monkeypatch, words):
    install(
        "acme-codec",
        {CODECS: {"acme": "free_mod:Acme"}},
        modules={"free_mod": CLASS},
    )
    monkeypatch.setenv("PLUGWIRE_DISABLE", words)
    assert plugins.load("codec", "acme")


@pytest.mark.parametrize("variable", ["PLUGWIRE_DISABLE", "PLUGWIRE_ALLOW"])
def test_what_is_like_nothing_installed_is_told(
    install, monkeypatch, variable
):
    install("acme-codec", {CODECS: {"acme": "never:Acme"}})
    monkeypatch.setenv(variable, "acmee,acme@acme-codc,acme,zzz")
    told = [str(unmet) for unmet in plugins.unmet_wishes()]
    nowhere = "no such plugin or distribution is installed"
    assert told == [
        f"{variable} names acmee: {nowhere}; did you mean acme?",
        f"{variable} names acme@acme-codc: {nowhere}; "
        "did you mean acme@acme-codec?",
        f"{variable} names zzz: {nowhere}; plugwire plugins lists what is "
        "installed",
    ]


@pytest.mark.parametrize("variable", ["PLUGWIRE_DISABLE", "PLUGWIRE_ALLOW"])
def test_under_a_variable_that_cannot_be_read_nothing_is_imported(
    install, monkeypatch, variable
):
    install(
        "acme-codec",
        {CODECS: {"acme": "unread_mod:Acme"}},
        modules={"unread_mod": CLASS},
    )
    monkeypatch.setenv(variable, '["acme"]')
    for ask in (plugins.load, plugins.find):
        with pytest.raises(ConfigurationError, match=variable):
            ask("codec", "acme")
    assert "unread_mod" not in sys.modules
    assert {f.state for f in plugins.installed()} == {"blocked"}
    assert plugins.unmet_wishes() == ()


def test_the_allow_list_lets_in_what_it_names_and_no_more(
    install, monkeypatch
):
    install(
        "acme-codec",
        {CODECS: {"acme": "allow_mod:Acme", "acme2": "allow_mod:Acme"}},
        modules={"allow_mod": CLASS},
    )
    monkeypatch.setenv("PLUGWIRE_ALLOW", "acme, plugwire")
    assert plugins.load("codec", "acme")
    assert find("transport", "memory")[0].state == "available"
    error = refusal("codec", "acme2")
    assert "PLUGWIRE_ALLOW does not name it" in str(error)
    assert "'acme2' or 'acme-codec'" in error.problems[0].mend
    monkeypatch.setenv("PLUGWIRE_ALLOW", "")
    assert {f.state for f in plugins.installed()} == {"blocked"}
    monkeypatch.delenv("PLUGWIRE_ALLOW")
    assert plugins.load("codec", "acme2")


def test_a_plugin_for_another_core_is_refused_before_import(install):
    install(
        "acme-codec",
        {CODECS: {"acme": "skew_mod:Acme"}},
        modules={"skew_mod": CLASS},
        requires=["plugwire>=99"],
        version="7.1",
    )
    (found,) = find("codec", "acme")
    assert found.state == "incompatible"
    error = refusal("codec", "acme")
    for part in ("acme-codec 7.1", "plugwire>=99", f"plugwire {__version__}"):
        assert part in str(error)
    assert error.problems[0].mend == (
        "pip install --upgrade plugwire acme-codec"
    )
    assert "skew_mod" not in sys.modules


@pytest.mark.parametrize(
    ("requires", "state"),
    [
        ("plugwire[standard]>=99; extra == 'test'", "available"),
        ("plugwire-json>=99", "available"),
        ("Plugwire (>=0.1)", "available"),
        ("plugwire", "available"),
        ("plugwire >>> 1", "incompatible"),
        (f"plugwire>={'9' * 5000}", "incompatible"),
        (f"plugwire[x]>={'9' * 5000}", "incompatible"),
        ("plugwire<0.1", "incompatible"),
    ],
)
def test_only_what_applies_to_the_core_counts(install, requires, state):
    install("acme-codec", {CODECS: {"acme": "x:Y"}}, requires=[requires])
    assert find("codec", "acme")[0].state == state


@pytest.mark.parametrize(
    "name", ["Acme", "a-b", "a__b", "9a", "_a", "codec", "listen", "a.b", "ä"]
)
def test_a_bad_name_is_listed_and_refused(install, name):
    install("acme-codec", {CODECS: {name: "x:Y"}})
    (found,) = find("codec", name)
    assert found.state == "badly named"
    assert repr(name) in found.why
    assert name not in plugins.installed_names()
    assert "badly named" in str(refusal("codec", name))


@pytest.mark.parametrize("name", ["a", "a9_b", "acme_", "none"])
def test_a_good_name_is_available(install, name):
    install("acme-codec", {"plugwire.extensions": {name: "x:Y"}})
    assert find("extension", name)[0].state == "available"


def test_what_is_no_utf8_can_be_told(install):
    folder: Path = install("acme-odd", {CODECS: {"odd": "x:Y"}})
    (info,) = folder.iterdir()
    metadata = info / "METADATA"
    text = metadata.read_bytes().replace(b"Version: 1.0", b"Version: 1\xff")
    metadata.write_bytes(text)
    (found,) = find("codec", "odd")
    assert found.version == "1\ufffd"
    assert msgspec.json.encode(plugins.installed())


def test_a_garbled_distribution_hides_no_other(install):
    folder: Path = install("acme-garbled", {CODECS: {"bad": "x:Y"}})
    (info,) = folder.iterdir()
    (info / "entry_points.txt").write_text("[plugwire.codecs]\nno equals\n")
    for version in ("2.0", "1.0"):
        install("acme-codec", {CODECS: {"acme": "x:Y"}}, version=version)
    assert [found.version for found in find("codec", "acme")] == ["2.0"]
    assert find("transport", "memory")


def test_a_folder_without_metadata_is_not_installed(install):
    folder: Path = install("acme-bare", {CODECS: {"bare": "x:Y"}})
    (info,) = folder.iterdir()
    (info / "METADATA").unlink()
    plugins.rescan()
    assert not find("codec", "bare")
    assert find("transport", "memory")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cbor", ""),
        ("codec", "'codec' is a key of plugwire's own settings"),
        ("C", "'C' is no plugin's name: a-z first"),
        ("c__d", "'c__d' is no plugin's name"),
        ("c\n", "'c\\n' is no plugin's name"),
    ],
)
def test_a_bad_name_is_told_why(name, why):
    found = plugins.bad_name(name)
    assert found.startswith(why)
    assert bool(found) is bool(why)


def test_two_that_call_themselves_the_same_are_both_refused(
    install, monkeypatch
):
    """Of whichever the one is that was meant."""
    modules = {"never_mod": "raise RuntimeError"}
    value = {CODECS: {"acme": "never_mod:Acme"}}
    own = install("acme-codec", value, modules=modules)
    other = install("poser", {CODECS: {"faster": "never_mod:Acme"}})
    info = other / "poser-1.0.dist-info" / "METADATA"
    info.write_text(info.read_text().replace("poser", "Acme_Codec"))
    plugins.rescan()
    monkeypatch.setenv("PLUGWIRE_ALLOW", "acme-codec")
    for word in ("acme", "acme@acme-codec", "faster", "faster@acme_codec"):
        error = refusal("codec", word)
        assert "both call themselves" in str(error)
        assert str(own / "acme_codec-1.0.dist-info") in str(error)
        assert str(info.parent) in str(error)
        assert "uninstall" in error.problems[0].mend
    states = {f.name: f for f in plugins.installed()}
    assert states["acme"].state == states["faster"].state == "doubled"
    assert str(info.parent) in states["acme"].why
