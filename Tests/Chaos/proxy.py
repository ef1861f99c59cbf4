"""The network of a lab: every worker hangs on a cable of its own, which counts what passes, and can be cut, in one direction or both, or be long."""
import asyncio
import contextlib
import os
import socket
import threading


class Cable:
    """What a device hangs on. Which way passes, and for how many seconds everything is on its way."""

    def __init__(self):
        self.inward = self.outward = True
        self.delay = 0.0
        # Cables that nothing goes to or comes from, though both are whole.
        self.apart = set()
        # Kinds of frames that do not arrive, on plain links: all else does, and the device seems to be well.
        self.loses = set()
        self.inward_bytes = 0


class Network:
    """Forwards from ports of its own to those of the workers, in a thread of its own.

    A connection between two workers passes both their cables: whose process dialed is seen by the socket it dialed with.
    """

    def __init__(self):
        self.connections = set()
        self.cables = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def attach(self, target, process):
        """A cable to `target`, a port; `process` tells the id of the worker's process. Returns the cable and the port that leads there."""
        cable = Cable()
        self.cables[cable] = process
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]

        async def accept(reader, writer):
            # The end of the network is no error of a connection.
            with contextlib.suppress(asyncio.CancelledError):
                await self.accept(reader, writer, target, cable)

        asyncio.run_coroutine_threadsafe(asyncio.start_server(accept, sock=listener), self.loop).result()
        return cable, port

    async def accept(self, reader, writer, target, cable):
        connection = Connection(self.dialer(writer.get_extra_info("peername")[1]), cable)
        connection.writers.append(writer)
        self.connections.add(connection)
        try:
            while not (connection.passes(inward=True) and connection.passes(inward=False)):
                # A cut cable answers nothing: the connection hangs.
                await asyncio.sleep(0.01)
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", target)
            connection.writers.append(upstream_writer)
            await asyncio.gather(
                connection.forward(reader, upstream_writer, inward=True),
                connection.forward(upstream_reader, writer, inward=False))
        except OSError:
            # Nobody listens there: the port is closed.
            writer.transport.abort()
        finally:
            self.connections.discard(connection)

    def dialer(self, port):
        """The cable of the worker that dialed from a port; none where it was the coordinator."""
        inode = inode_of(port)
        for cable, process in self.cables.items():
            if inode and inode in sockets_of(process()):
                return cable
        return None

    def mend(self, cable, resets):
        """Lets everything pass again.

        With `resets`, connections that hung are gone, as when both ends gave them up; without, what was under way arrives, as TCP sees to.
        """
        hung = bool(cable.apart) or not (cable.inward and cable.outward)

        async def change():
            cable.delay = 0.0
            for connection in list(self.connections):
                if hung and resets and cable in (connection.source, connection.target):
                    connection.abort()
            cable.inward = cable.outward = True
            cable.apart = set()
            cable.loses = set()

        asyncio.run_coroutine_threadsafe(change(), self.loop).result()

    def close(self):
        async def end():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


class Connection:
    """A connection on its way over the cable of who dialed, if it is a worker, and of whom it leads to."""

    def __init__(self, source, target):
        self.source, self.target, self.writers = source, target, []

    def passes(self, inward):
        if self.source and self.source in self.target.apart:
            return False
        if inward:
            return self.target.inward and (self.source is None or self.source.outward)
        return self.target.outward and (self.source is None or self.source.inward)

    @property
    def delay(self):
        return self.target.delay + (self.source.delay if self.source else 0)

    def count(self, size, inward):
        cable = self.target if inward else self.source
        if cable:
            cable.inward_bytes += size

    async def forward(self, reader, writer, inward):
        # A long cable holds much: what is on its way does not hold up what comes behind.
        way = asyncio.Queue(256)
        await asyncio.gather(self.take(reader, way, inward), self.give(writer, way, inward))

    async def take(self, reader, way, inward):
        clock = asyncio.get_running_loop()
        data = b"."
        sieve = Sieve()
        while data:
            try:
                data = await reader.read(1 << 16)
            except OSError:
                data = b""
            self.count(len(data), inward)
            passing = sieve.sift(data, self.target.loses if inward else ())
            if passing or not data:
                await way.put((clock.time() + self.delay, passing))

    async def give(self, writer, way, inward):
        clock = asyncio.get_running_loop()
        is_open = True
        while True:
            due, data = await way.get()
            if due > clock.time():
                await asyncio.sleep(due - clock.time())
            while not self.passes(inward):
                await asyncio.sleep(0.01)
            if not data:
                return writer.close()
            if not is_open:
                continue
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                # Whoever reads is gone: nothing is held for him.
                is_open = False
                self.abort()

    def abort(self):
        for writer in self.writers:
            writer.transport.abort()


def inode_of(port):
    """The inode of the socket of this machine with that local port, connected to another."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as file:
            for line in list(file)[1:]:
                fields = line.split()
                if fields[3] == "01" and int(fields[1].rpartition(":")[2], 16) == port:
                    return fields[9]
    return None


def sockets_of(process):
    """The inodes of a process's sockets."""
    folder, inodes = f"/proc/{process}/fd", set()
    try:
        for name in os.listdir(folder):
            try:
                link = os.readlink(os.path.join(folder, name))
            except OSError:
                continue
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
    except OSError:
        pass
    return inodes


class Sieve:
    """Takes frames of some kinds out of a stream of bytes; one that does not begin with a frame passes as it is."""

    HEADER = 16

    def __init__(self):
        self.header, self.left, self.passes, self.is_plain = b"", 0, True, True

    def sift(self, data, lost):
        """What is left of data without frames of the kinds that are lost, by Proto/PROTOCOL.md; headers wait until they are whole."""
        result = []
        while data and self.is_plain:
            if self.left == 0:
                take = self.HEADER - len(self.header)
                self.header, data = self.header + data[:take], data[take:]
                if not b"SHOL".startswith(self.header[:4]):
                    self.is_plain = False
                    result.append(self.header)
                elif len(self.header) == self.HEADER:
                    self.left = int.from_bytes(self.header[8:12], "little")
                    self.passes = self.header[4] not in lost
                    if self.passes:
                        result.append(self.header)
                    self.header = b""
                continue
            part, data = data[:self.left], data[self.left:]
            self.left -= len(part)
            if self.passes:
                result.append(part)
        return b"".join(result) + data
