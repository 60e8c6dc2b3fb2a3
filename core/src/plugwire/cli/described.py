"""What each of the core's own settings is, in a sentence for editors.

As `docs/configuration.md` has it, without the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DESCRIBED: Mapping[str, str] = MappingProxyType(
    {
        "transport": "How bytes travel: the name of a transport.",
        "codec": "How messages become bytes: the name of a codec.",
        "queue": "What is kept for who comes later, for all doors: the name "
        "of a queue.",
        "permissions": "Who may come in and do what: names of permissions. "
        "Not set: what the transport proposes.",
        "extensions": "What wraps codec, checks and queue, in written order: "
        "names of extensions.",
        "listen": "The doors, each a table under its name, in written order. "
        "Not set: one, main.",
        "lag": "What happens to a client whose outbox is full.",
        "plain": "No handshake, for nc and jq; a codec of lines only.",
        "socket_dir": "Where sockets, locks and tokens are: an absolute path "
        "or one from ~/. Not set: $XDG_RUNTIME_DIR/plugwire, else "
        "~/.plugwire/run.",
        "timezone": "The zone of timestamp_iso: an IANA name.",
        "max_connections": "Clients joined, by door.",
        "allow_client_send": "Whether clients may send and ask, whatever "
        "permissions say.",
        "blocking_mode": "On plugwire.sync: start() is serve_forever(), in "
        "the caller's thread.",
        "event_loop": "The loop that plugwire makes where it makes one.",
        "default_timeout": "Seconds for connecting and for requests.",
        "handshake_timeout": "Seconds from accept to joined, on_connect "
        "included.",
        "drain_timeout": "Seconds that what is queued may take at stop.",
        "lag_grace": "Seconds after which a client that takes nothing is "
        "stalled.",
        "backlog": "Connections that the kernel holds until they are "
        "accepted.",
        "pending_connections": "Connections in the handshake at once; past "
        "them the oldest silent one makes room.",
        "handler_threads": "On plugwire.sync: threads that run a server's "
        "handlers, at most.",
        "handler_queue": "Messages of one client that wait for its handler.",
        "handler_bytes": "Their bytes, unpacked where an extension unpacks.",
        "service_connections": "Senders, and as many of the command's "
        "questions.",
        "max_message_bytes": "Bytes of one message, at most.",
        "outbox_messages": "Messages queued for one client, at most.",
        "outbox_bytes": "Bytes queued for one client, at most.",
        "total_outbox_bytes": "Bytes queued for all clients, at most; a "
        "shared message counts once.",
        "buffer_size": "Messages that a client holds unread, at most.",
        "buffer_bytes": "Bytes that a client holds unread, at most.",
        "reconnect": "Whether clients come back after a lost connection.",
        "reconnect_tries": "Tries that fail one after the other until a "
        "client gives up; 0: never.",
        "reconnect_delay": "Seconds of the first pause between tries, "
        "doubled from try to try.",
        "reconnect_cap": "Seconds of the longest pause between tries.",
    }
)
"""Key of `[plugwire]` -> what it is."""
