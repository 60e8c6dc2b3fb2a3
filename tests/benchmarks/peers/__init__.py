"""The peers, by name. Importing this imports none of their libraries."""

from __future__ import annotations

from benchmarks.peers import (
    limit_aio,
    limit_sock,
    mp_connection,
    nats_py,
    plugwire_aio,
    plugwire_growth,
    plugwire_sync,
    redis_py,
    streams,
    websockets_aio,
    zenoh_py,
    zmq_aio,
    zmq_blocking,
)
from benchmarks.peers.base import Peer

_MODULES = (
    plugwire_aio,
    plugwire_growth,
    plugwire_sync,
    limit_aio,
    limit_sock,
    zmq_blocking,
    zmq_aio,
    zenoh_py,
    nats_py,
    redis_py,
    websockets_aio,
    mp_connection,
    streams,
)
PEERS: dict[str, Peer] = {
    peer.name: peer for module in _MODULES for peer in module.PEERS
}
