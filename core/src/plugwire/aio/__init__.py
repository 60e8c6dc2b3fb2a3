"""The asyncio face: servers and clients that live in one event loop."""
