"""`rules`: what is listed is allowed, the rest is denied in words."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from plugwire.interfaces import ALLOW, Deny, Peer, Subject
from plugwire_permissions import Rule, Rules, RulesSettings
from plugwire_permissions.identity import UNMAPPED
from plugwire_permissions.rules import VERBS

LOAD = Subject("load")
PEER = Peer(
    transport="unix", address="unix", uid=1000, gid=100, pid=7, groups=(4, 27)
)
REMOTE = Peer(transport="tcp", address="tcp:192.0.2.1:5000")


def checked(peer, verb, subject, **rule):
    rules = Rules(RulesSettings(allow=(Rule(**rule),)))
    return rules.authorize()(peer, verb, subject)


def test_verbs_are_those_of_the_contract() -> None:
    assert VERBS == (
        "connect", "receive", "send", "request", "attach", "control",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "local", "remote"),
    [
        ("*", True, True),
        ("uid:1000", True, False),
        ("uid:0", False, False),
        ("uid:100", False, False),
        ("gid:100", True, False),
        ("gid:27", True, False),
        ("gid:1000", False, False),
        ("transport:unix", True, False),
        ("transport:tcp", False, True),
    ],
)
def test_who_is_meant(who, local, remote) -> None:
    for peer, meant in ((PEER, local), (REMOTE, remote)):
        found = checked(peer, "send", LOAD, who=who, verbs=("send",))
        assert (found is ALLOW) is meant
        assert isinstance(found, Deny) is not meant


def test_an_unmapped_uid_has_no_groups() -> None:
    nobody = Peer(transport="unix", address="", uid=UNMAPPED, gid=100)
    by_group = checked(nobody, "send", LOAD, who="gid:100", verbs=("*",))
    assert isinstance(by_group, Deny)
    who = f"uid:{UNMAPPED}"
    assert checked(nobody, "send", LOAD, who=who, verbs=("*",)) is ALLOW


@pytest.mark.parametrize(
    ("rule", "subject", "allowed"),
    [
        ({}, LOAD, True),
        ({}, Subject("load", "a"), True),
        ({"event": "load"}, LOAD, True),
        ({"event": "load"}, Subject("load", "a"), True),
        ({"event": "loa"}, LOAD, False),
        ({"event": "LOAD"}, LOAD, False),
        ({"session": "a"}, Subject("load", "a"), True),
        ({"session": "a"}, Subject("load", "b"), False),
        ({"session": "a"}, LOAD, False),
        ({"event": "x", "session": "a"}, Subject("load", "a"), False),
    ],
)
def test_what_is_meant(rule, subject, allowed) -> None:
    found = checked(PEER, "attach", subject, who="*", verbs=("*",), **rule)
    assert (found is ALLOW) is allowed


def test_a_verb_allows_no_other() -> None:
    for ruled in VERBS:
        allowed = [
            verb
            for verb in VERBS
            if checked(PEER, verb, LOAD, who="*", verbs=(ruled,)) is ALLOW
        ]
        assert allowed == [ruled]


@pytest.mark.parametrize("verb", ["", "*", "SEND", "publish", None, 3])
def test_an_unknown_verb_is_denied_even_where_all_are_allowed(verb) -> None:
    assert isinstance(checked(PEER, verb, LOAD, who="*", verbs=("*",)), Deny)


def test_no_rule_denies_everything() -> None:
    check = Rules(RulesSettings()).authorize()
    for verb in VERBS:
        assert isinstance(check(PEER, verb, LOAD), Deny)


def test_the_reason_names_the_act_and_who() -> None:
    check = Rules(RulesSettings()).authorize()
    assert check(PEER, "send", LOAD).reason == (
        "no rule allows send on 'load' to unix uid 1000 pid 7"
    )
    assert check(REMOTE, "attach", Subject("load", "a")).reason == (
        "no rule allows attach on 'load', session 'a' to tcp:192.0.2.1:5000"
    )


def test_a_long_session_is_cut_and_escaped() -> None:
    check = Rules(RulesSettings()).authorize()
    reason = check(PEER, "attach", Subject("load", "\n" + "x" * 999)).reason
    assert len(reason) < 200
    assert "\n" not in reason


def test_several_rules_add_up() -> None:
    rules = Rules(
        RulesSettings(
            allow=(
                Rule(who="*", verbs=("connect", "receive")),
                Rule(who="uid:1000", verbs=("send",), event="load"),
            )
        )
    )
    assert rules.check(REMOTE, "receive", LOAD) is ALLOW
    assert isinstance(rules.check(REMOTE, "send", LOAD), Deny)
    assert rules.check(PEER, "send", LOAD) is ALLOW
    assert isinstance(rules.check(PEER, "send", Subject("other")), Deny)


RULES = st.builds(
    Rule,
    who=st.sampled_from(["*", "uid:1000", "gid:4", "transport:tcp"]),
    verbs=st.lists(st.sampled_from([*VERBS, "*"]), min_size=1).map(tuple),
    event=st.sampled_from(["*", "load", "other"]),
    session=st.sampled_from(["*", "a", "b"]),
)
ACTS = st.tuples(
    st.sampled_from([PEER, REMOTE]),
    st.sampled_from(VERBS),
    st.builds(
        Subject,
        st.sampled_from(["load", "other"]),
        st.sampled_from([None, "a", "b"]),
    ),
)


@given(st.lists(RULES, max_size=5), ACTS)
def test_rules_allow_what_one_of_them_allows(rules, act) -> None:
    together = Rules(RulesSettings(allow=tuple(rules))).check(*act)
    alone = [Rules(RulesSettings(allow=(rule,))).check(*act) for rule in rules]
    assert (together is ALLOW) == any(one is ALLOW for one in alone)


BAD = [
    ({"who": ""}, "^who: expected"),
    ({"who": "root"}, "^who: expected"),
    ({"who": "uid:"}, "^who: expected"),
    ({"who": "uid:-1"}, "^who: expected"),
    ({"who": "uid:01"}, "^who: expected"),
    ({"who": "uid:*"}, "^who: expected"),
    ({"who": "uid:1\n"}, "^who: expected"),
    ({"who": "user:jo"}, "^who: expected"),
    ({"who": "transport:"}, "^who: expected"),
    ({"who": "**"}, "^who: expected"),
    ({"verbs": ()}, "^verbs: expected one or more"),
    ({"verbs": ("sned",)}, "^verbs: expected one or more of connect"),
    ({"event": ""}, "^event: expected a name .*no event name"),
    ({"event": "load*"}, "^event: expected a name .*no event name"),
    ({"session": "a.b"}, "^session: expected a name or .*no event name"),
]


@pytest.mark.parametrize(("wrong", "said"), BAD)
def test_a_bad_rule_is_refused_when_it_is_made(wrong, said) -> None:
    with pytest.raises(ValueError, match=said):
        Rule(**{"who": "*", "verbs": ("send",), **wrong})


def from_toml(text: str) -> RulesSettings:
    return TypeAdapter(RulesSettings).validate_python(tomllib.loads(text))


def test_rules_come_from_tables() -> None:
    found = from_toml(
        """
        allow = [
            { who = "*", verbs = ["connect", "receive"] },
            { who = "gid:100", verbs = ["*"], event = "load", session = "a" },
        ]
        """
    )
    assert found.allow == (
        Rule(who="*", verbs=("connect", "receive")),
        Rule(who="gid:100", verbs=("*",), event="load", session="a"),
    )


@pytest.mark.parametrize(
    "table",
    [
        'who = "*", verbs = ["sned"]',
        'who = "*", verbs = "send"',
        'who = "*"',
        'verbs = ["send"]',
        'who = "root", verbs = ["send"]',
        'who = 0, verbs = ["send"]',
        'who = "*", verbs = ["send"], sesion = "a"',
    ],
)
def test_a_bad_table_is_refused_by_its_place(table) -> None:
    with pytest.raises(ValidationError) as caught:
        from_toml(f"allow = [{{ {table} }}]")
    assert {error["loc"][:2] for error in caught.value.errors()} == {
        ("allow", 0)
    }
