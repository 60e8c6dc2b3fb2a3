"""What must hold before a door may open: permissions, plain doors, layers."""

from __future__ import annotations

from collections.abc import Sequence

from plugwire.chosen import Chosen, Place, Troubles
from plugwire.errors import PluginError
from plugwire.interfaces import Encoder, Gate, Layers


def some_permission(
    given: Sequence[object], where: Place, troubles: Troubles
) -> None:
    """An empty list would let everyone in without a word."""
    if not given:
        troubles.wrong(
            where,
            "at least one permission",
            "none",
            'to let everyone in, say so: permissions = ["anyone"]',
        )


def some_gate(
    permissions: Sequence[Chosen],
    gates: Sequence[Chosen],
    transport: Chosen | None,
    where: Place,
    troubles: Troubles,
) -> None:
    """Checks say what those may do who are in; one must say who is."""
    if permissions and not gates:
        pick = _with_usual([p.word for p in permissions], transport)
        troubles.wrong(
            where,
            "a permission that says who may come in (a gate)",
            ", ".join(p.name for p in permissions),
            f'add one{pick}; to let everyone in, add "anyone"',
        )


def _with_usual(named: Sequence[str], transport: Chosen | None) -> str:
    """What may be written: those named behind those that the transport
    proposes. "" where one has no name, or there is nothing to propose."""
    usual = _proposed(transport) if transport else None
    if not usual or not all(named) or set(usual) & set(named):
        return ""
    return f": permissions = [{_listed((*usual, *named))}], say"


def _proposed(transport: Chosen) -> tuple[str, ...] | None:
    """The permissions that it proposes, or None where they are wrong."""
    words = getattr(transport.instance, "default_permissions", ())
    if not isinstance(words, tuple) or not all(
        isinstance(word, str) for word in words
    ):
        return None
    return words


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def different_gates(
    gates: Sequence[Gate], where: Place, troubles: Troubles
) -> None:
    """A gate's name is its key among the proofs of a handshake."""
    names = [gate.name for gate in gates]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        troubles.wrong(
            where,
            "gates of different names",
            f"{', '.join(doubled)} more than once",
            "name each permission once",
        )


def proposal(
    transport: Chosen, where: Place, troubles: Troubles, *, serving: bool
) -> tuple[str, ...]:
    """The permissions that the transport proposes where none are given.

    Empty when it proposes none. A transport that serves other machines may
    say that its proposal is not enough: that is a problem too.
    """
    words = _proposed(transport)
    if words is None:
        error = transport.error(
            "has `default_permissions` that are no tuple of names",
            'its author must write them as ("name",)',
        )
        troubles.broken(transport.where, error)
        return ()
    if not words:
        troubles.wrong(
            where,
            f"named permissions, for the {transport} proposes none",
            "none",
            'write permissions = ["..."]',
        )
    elif serving and _needs_words(transport, troubles):
        troubles.wrong(
            where,
            "named permissions, for other machines can reach the "
            f"{transport} as it is set",
            "none",
            "decide who may come in and write permissions = "
            f"[{_listed(words)}], say",
        )
    return words


def _needs_words(transport: Chosen, troubles: Troubles) -> bool:
    asked = getattr(transport.instance, "needs_explicit_permissions", None)
    if asked is None:
        return False
    try:
        # Whatever is no clear no counts as yes.
        return asked() is not False
    except Exception as error:
        what = "`needs_explicit_permissions`"
        troubles.broken(transport.where, transport.failed(what, error))
        return False


def plain(
    encoder: Encoder,
    gates: Sequence[Gate],
    changing: Sequence[str],
    where: Place,
    troubles: Troubles,
) -> None:
    """A plain door has no handshake, so nothing can be agreed there."""
    proofs = [gate.name for gate in gates if gate.needs_proof]
    for wrong, expected, mend in (
        (
            [] if encoder.lines else [encoder.format],
            "a codec of lines on a plain door",
            "choose one for this door",
        ),
        (
            proofs,
            "permissions that need no proof on a plain door",
            "choose others for this door",
        ),
        (
            changing,
            "no extension that changes the bytes on a plain door",
            "take it out for this door",
        ),
    ):
        if wrong:
            found = ", ".join(wrong)
            mend = f"{mend}, or write plain = false"
            troubles.wrong(where, expected, found, mend)


def lost(
    extension: Chosen, before: Layers, after: Layers
) -> PluginError | None:
    """What an extension must not do to the layers while it wraps them."""
    if before.queue is not None and after.queue is None:
        what = "loses the queue"
    elif before.queue is None and after.queue is not None:
        what = "adds a queue where there is none"
    elif before.checks and not after.checks:
        what = "loses the checks"
    else:
        return None
    return extension.error(
        f"{what} in `wrap`",
        "its author must replace single layers (msgspec.structs.replace)",
    )
