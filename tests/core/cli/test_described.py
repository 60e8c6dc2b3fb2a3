"""What the core's settings are, in words."""

from plugwire.cli.described import DESCRIBED
from plugwire.core_keys import TOP_KEYS


def test_each_key_has_a_sentence_of_its_own():
    assert set(DESCRIBED) == set(TOP_KEYS)
    assert len(set(DESCRIBED.values())) == len(DESCRIBED)
    assert all(sentence.endswith(".") for sentence in DESCRIBED.values())
