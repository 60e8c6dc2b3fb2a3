"""A terminal multiplexer: shells that outlive the terminals they are seen on.

mux.py attach NAME    be a terminal of that shell; Ctrl-] detaches
mux.py list           the shells, and how many terminals each has
mux.py kill NAME      hang up on it
mux.py serve          what the first `attach` starts in the background
"""

import asyncio
import os
import pty
import signal
import sys
import termios
import threading
import tty
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen

from plugwire import Message, Server, check_event_name
from plugwire.errors import PlugwireError, RequestFailed
from plugwire.registry import ClientInfo
from plugwire.sync import Client

SCROLLBACK = 64 * 1024  # bytes kept of what a shell said; read at once
DETACH = b"\x1d"  # Ctrl-]
RESET = b"\x1bc"  # a terminal is as good as new
# What a program may have left on: the other screen, the mouse, pastes marked.
LEAVE = b"\x1b[?1047l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[m\r\n"

# Output is bytes, which JSON has not. A client that does not read is cut
# when its outbox is full, and comes back for the screen: no shell waits.
server = Server("multiplexer", codec="msgpack", lag="disconnect")
shells: dict[str, "Shell"] = {}


class Shell:
    """A shell, its terminal, and the last of what it said."""

    def __init__(self, name: str) -> None:
        self.name, self.screen = check_event_name(name), bytearray()
        self.room = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.pid, terminal = pty.fork()
        if not self.pid:
            try:
                for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP):
                    signal.signal(number, signal.SIG_DFL)  # as shells expect
                os.execlp(command := os.environ.get("SHELL", "sh"), command)
            finally:
                os._exit(127)
        os.set_blocking(terminal, False)
        self.tty = os.fdopen(terminal, "r+b", buffering=0)
        self.loop.add_reader(self.tty, self.read)
        shells[name] = self

    def read(self) -> None:
        """Broadcast a chunk of output, which never waits for anybody."""
        try:
            output = self.tty.read(SCROLLBACK)
        except OSError:  # Linux's word for: nobody has it open any more
            output = b""
        if output == b"":
            self.loop.remove_reader(self.tty)
        elif output and server.running:
            self.screen += output
            del self.screen[:-SCROLLBACK]
            server.broadcast({"output": output}, session=self.name)

    async def type(self, keys: bytes) -> None:
        """Where the shell does not read, this typist waits, nobody else."""
        while keys and not self.tty.closed:
            keys = keys[self.tty.write(keys) or 0 :]
            if keys:
                self.room.clear()
                self.loop.add_writer(self.tty, self.has_room)
                await self.room.wait()

    def has_room(self) -> None:
        self.loop.remove_writer(self.tty)
        self.room.set()


def reap() -> None:
    """A child has exited: whoever is attached to it hears of that."""
    for shell in tuple(shells.values()):
        if os.waitpid(shell.pid, os.WNOHANG)[0]:
            for _ in range(64):  # its last words: a pty holds some 64 KiB
                shell.read()
            for client_id in server.clients_in(shell.name):
                server.disconnect(client_id, "the shell has exited")
            shell.loop.remove_reader(shell.tty)
            shell.has_room()
            shell.tty.close()
            del shells[shell.name]


@server.on_message
async def heard(client: ClientInfo, message: Message) -> dict[str, int]:
    shell = shells.get(client.session or "")
    match message.data:
        case {"attach": name, "pid": pid, "size": size}:
            # All of this is one step of the loop: nothing is read from the
            # shell between the screen and what follows it live, so nothing
            # is missed or doubled. Hence a message of ours, the same after
            # a reconnect, and not `client.attach`, which brings no screen.
            shell = shells.get(name) or (None if pid else Shell(name))
            if shell is None or pid not in (0, shell.pid):
                raise LookupError("the shell has exited")
            termios.tcsetwinsize(shell.tty, size)
            server.attach(client.id, name)
            screen = RESET + shell.screen
            server.send(client.id, {"output": screen, "pid": shell.pid})
        case {"keys": keys, "size": size} if shell:
            termios.tcsetwinsize(shell.tty, size)  # it fits the last typist
            await shell.type(keys)
        case {"kill": [name]} if name in shells:
            os.killpg(shells[name].pid, signal.SIGHUP)
        case {"kill": names}:
            raise LookupError(f"there is no shell {' '.join(names)!r}")
    return {name: len(server.clients_in(name)) for name in shells}


async def serve() -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, reap)
    async with server:
        print("serving", flush=True)
        # When this process goes, in whatever way, the kernel hangs up.
        await server.serve_forever()


def attach(client: Client, name: str) -> None:
    """Be a terminal of the shell until Ctrl-], or until this raises."""
    pid = 0

    @client.on_reconnect  # to the shell of before, not to one of its name
    def join(client: Client) -> None:
        size = termios.tcgetwinsize(0)
        client.send({"attach": name, "pid": pid, "size": size})

    def pass_keys() -> None:
        detach = b""
        while not detach:
            keys, detach, _ = (os.read(0, 4096) or DETACH).partition(DETACH)
            with suppress(PlugwireError):  # the loop below knows of it
                client.send({"keys": keys, "size": termios.tcgetwinsize(0)})
        client.disconnect()  # which ends that loop

    def pass_size() -> None:
        while signal.sigwait([signal.SIGWINCH]):
            with suppress(PlugwireError):
                client.send({"keys": b"", "size": termios.tcgetwinsize(0)})

    before = termios.tcgetattr(0)
    join(client)
    try:
        tty.setraw(0)
        signal.signal(signal.SIGWINCH, lambda *_: None)  # or it is not kept
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
        for work in (pass_keys, pass_size):
            threading.Thread(target=work, daemon=True).start()
        for message in client:
            if message.message_type == "error":
                raise RequestFailed(message.data["reason"])
            pid = message.data.get("pid", pid)
            output = message.data["output"]
            while output:
                output = output[os.write(1, output) :]
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)
        os.write(1, LEAVE)


try:
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case ["attach", name]:
            # Where one serves already, the second says nothing and goes.
            command = [sys.executable, __file__, "serve"]
            null = {"stdin": DEVNULL, "stderr": DEVNULL}
            child = Popen(command, stdout=PIPE, start_new_session=True, **null)
            child.stdout.readline() or child.wait()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda number, _: sys.exit(128 + number))
            # Three tries in vain: the server has taken its shells along.
            back = {"reconnect_tries": 3, "reconnect_cap": 0.5}
            with Client("multiplexer", **back) as c:
                attach(c, name)
            print(f"[detached from {name}]")
        case [("list" | "kill") as what, *names]:
            with Client("multiplexer", receive=False) as c:
                left = c.request({what: names}).data
            for name, terminals in left.items():
                print(f"{name}: {terminals} attached")
        case _:
            sys.exit(__doc__)
except (PlugwireError, termios.error) as error:
    sys.exit(f"[{error}]")
