"""What is installed, read without importlib-metadata and by it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import importlib_metadata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire import distributions
from plugwire.distributions import (
    Entry,
    copies,
    entries,
    namesakes,
    normal,
    requirements,
)

ACME = Entry(
    "plugwire.codecs", "acme", "acme:Acme", "Acme.Codec", "1.0", ("msgspec>1",)
)
METADATA = """Metadata-Version: 2.1
Name: Acme.Codec
Version: 1.0
requires-dist: msgspec>1

Name: not this
"""
POINTS = "[plugwire.codecs]\nacme = acme:Acme\n"


def said(found: Iterable[Entry]) -> list[Entry]:
    """The entries, wherever they stand."""
    return [entry._replace(place="") for entry in found]


@contextmanager
def path_of(*folders: Path) -> Iterator[None]:
    """These folders alone on sys.path."""
    former, sys.path = sys.path, [str(folder) for folder in folders]
    importlib_metadata.MetadataPathFinder.invalidate_caches()
    try:
        yield
    finally:
        sys.path = former
        importlib_metadata.MetadataPathFinder.invalidate_caches()


def put(folder: Path, name: str, **files: str) -> Path:
    info = folder / name
    info.mkdir(parents=True)
    for file, text in files.items():
        place = {"points": "entry_points.txt"}.get(file, file)
        (info / place).write_text(text)
    return folder


def test_this_environment_is_read_the_same() -> None:
    found = distributions._in_folders()
    assert found
    assert sorted(found) == sorted(distributions._by_library())


# Names that are one and the same, or not; versions; halves of installations.
NAMES = st.sampled_from(["acme", "Acme", "acme_codec", "acme.codec", "b"])
LINES = st.lists(
    st.sampled_from(
        [
            "[plugwire.codecs]", "[plugwire.queues]", "[console_scripts]",
            "[ plugwire.codecs ]", "[]", "a = a:A", "b=b.c : D [x]", "# c = d",
            "", "  d = e:F  ", "no equals", "e = f = g", "f =", "[open",
        ]
    ),
    max_size=8,
)  # fmt: skip
FACTS = st.lists(
    st.sampled_from(
        [
            "Version: 1", "version:2", "Name: not this",
            "Requires-Dist: plugwire>=0.1", "REQUIRES-DIST: a; extra == 'x'",
            "Requires-Dist: b (>=1)", "Summary: s: t", "",
            "Description: one\n        two", "Requires-Dist: c",
        ]
    ),
    max_size=8,
)  # fmt: skip
DRAWN = st.lists(
    st.tuples(
        NAMES,
        st.sampled_from(["-1.0", "-2.0.1", ""]),
        st.none() | LINES,
        st.none() | FACTS,
    ),
    max_size=4,
    unique_by=lambda drawn: drawn[0] + drawn[1],
)


@given(st.lists(DRAWN, max_size=3))
def test_any_environment_is_read_the_same(
    drawn: Sequence[Sequence[tuple[str, str, Any, Any]]],
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / str(at) for at in range(len(drawn))]
        for folder, infos in zip(folders, drawn, strict=True):
            for name, version, points, facts in infos:
                files = {}
                if points is not None:
                    files["points"] = "\n".join(points)
                if facts is not None:
                    files["METADATA"] = "\n".join([f"Name: {name}", *facts])
                put(folder, f"{name}{version}.dist-info", **files)
        with path_of(*folders):
            found = distributions._in_folders()
            assert found is not None
            assert set(found) == set(distributions._by_library())


def test_a_folder_of_dist_infos(tmp_path: Path) -> None:
    put(tmp_path, "Acme.Codec-1.0.dist-info", METADATA=METADATA, points=POINTS)
    with path_of(tmp_path, tmp_path, tmp_path / "none"):
        (found,) = entries()
    place = str(tmp_path / "Acme.Codec-1.0.dist-info")
    assert found == ACME._replace(place=place)


POSER = "[plugwire.codecs]\nacme = poser:Acme\n"


@pytest.mark.parametrize("name", ["aa-2.0", "zz-0.1"])
@pytest.mark.parametrize("apart", [False, True])
def test_who_calls_itself_as_another_hides_it_from_nobody(
    tmp_path: Path, name: str, apart: bool
) -> None:
    first = tmp_path / "first" if apart else tmp_path
    put(first, f"{name}.dist-info", METADATA=METADATA, points=POSER)
    put(tmp_path, "Acme.Codec-1.0.dist-info", METADATA=METADATA, points=POINTS)
    with path_of(first, tmp_path):
        found = distributions._in_folders()
        assert found is not None
        assert set(found) == set(distributions._by_library())
    assert sorted(e.value for e in found) == ["acme:Acme", "poser:Acme"]
    both = {
        str(first / f"{name}.dist-info"),
        str(tmp_path / "Acme.Codec-1.0.dist-info"),
    }
    ((known, places),) = namesakes(found).items()
    assert known == "acme-codec"
    assert set(places) == both
    assert namesakes(found[:1]) == {}


def test_the_first_on_the_path_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    put(first, "acme_codec-2.0.dist-info", METADATA=METADATA)
    put(second, "Acme.Codec-1.0.dist-info", METADATA=METADATA, points=POINTS)
    with path_of(first, second):
        assert entries() == []
    with path_of(second, first):
        assert said(entries()) == [ACME]


def test_what_no_import_would_look_at_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "1"
    put(place, "Acme.Codec-1.0.dist-info", METADATA=METADATA, points=POINTS)
    (tmp_path / "file").write_text("no archive")
    with path_of(tmp_path / "none"):
        odd: list[Any] = [place, b"bytes", None, ""]
        sys.path = odd
        monkeypatch.chdir(tmp_path)
        assert entries() == []
        monkeypatch.chdir(place)
        assert said(entries()) == [ACME]
        sys.path.insert(0, str(tmp_path / "file"))
        assert distributions._in_folders() is None


@pytest.mark.parametrize("kind", ["zip", "egg-info", "egg"])
def test_what_is_no_dist_info_is_read_by_the_library(
    tmp_path: Path, kind: str
) -> None:
    place = tmp_path / "place"
    if kind == "zip":
        with zipfile.ZipFile(place, "w") as file:
            info = "Acme.Codec-1.0.dist-info"
            file.writestr(f"{info}/METADATA", METADATA)
            file.writestr(f"{info}/entry_points.txt", POINTS)
    else:
        name, texts = "Acme.Codec-1.0.egg-info", {"PKG-INFO": METADATA}
        if kind == "egg":
            place, name = tmp_path / "Acme.Codec-1.0.egg", "EGG-INFO"
        put(place, name, points=POINTS, **texts)
    with path_of(place):
        assert distributions._in_folders() is None
        assert [e[:5] for e in entries()] == [ACME[:5]]


def test_an_egg_info_that_names_no_plugin_is_passed_over(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    put(first, "other-1.0.egg-info", **{"PKG-INFO": "Name: other"})
    (first / "Acme.Codec.egg-info").write_text("Name: Acme.Codec")
    put(second, "Acme.Codec-1.0.dist-info", METADATA=METADATA, points=POINTS)
    with path_of(first, second):
        assert distributions._in_folders() == []
        assert set(distributions._by_library()) == set()


def test_a_finder_of_somebody_elses_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Own(importlib_metadata.Distribution):
        def read_text(self, filename: str) -> str | None:
            texts = {"METADATA": METADATA, "entry_points.txt": POINTS}
            return texts.get(filename)

        def locate_file(self, path: Any) -> Any:
            raise NotImplementedError

    class Finder(importlib_metadata.DistributionFinder):
        def find_distributions(self, context: Any = None) -> Iterator[Own]:
            yield Own()

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert ACME in entries()


def test_reading_it_imports_nothing() -> None:
    code = (
        "import sys; from plugwire.distributions import entries; "
        "assert entries(); print([m for m in ('importlib_metadata', "
        "'importlib.metadata', 'email', 'zipfile') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_requirements_of_who_is_installed_and_who_is_not() -> None:
    assert any(text.startswith("pluggy") for text in requirements("plugwire"))
    assert requirements("no-such-distribution") == []


def test_names_have_one_spelling() -> None:
    assert normal(" Acme._-Codec ") == "acme-codec"


def test_copies_are_told_in_the_order_of_the_path(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("one", "two", "odd")]
    for at, place in enumerate(places[:2]):
        put(
            place,
            f"acme-{at}.dist-info",
            METADATA=f"Name: acme\nVersion: {at}\nRequires-Python: >=3.{at}\n"
            f"Requires-Dist: msgspec>{at}\n",
        )
    put(places[2], "acme-9.dist-info", METADATA="Version: 9\n")
    with path_of(*places, places[0]):
        found = copies("Acme")
    assert [copy[1:] for copy in found] == [
        (f"{at}", str(place), (f"msgspec>{at}",), f">=3.{at}")
        for at, place in enumerate(places[:2])
    ]


def test_all_is_known_of_who_is_installed() -> None:
    found = distributions.whole("Plugwire")
    assert found is not None
    assert found.metadata["Name"] == "plugwire"
    assert distributions.whole("no-such-distribution") is None
