"""A cable of a worker: forwards connections to its port, and can be cut, in one direction or both, or made slow."""
import asyncio
import socket
import threading


class Proxy:
    """Listens on a free port of loopback; a thread of its own forwards."""

    def __init__(self, target):
        self.target = target
        self.to_worker = self.from_worker = True
        self.delay = 0.0
        self.writers = set()
        self.loop = asyncio.new_event_loop()
        self.changed = asyncio.Event()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        started = threading.Event()
        threading.Thread(target=self.run, args=(listener, started), daemon=True).start()
        started.wait()

    def run(self, listener, started):
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(asyncio.start_server(self.accept, sock=listener))
        started.set()
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))

    async def accept(self, reader, writer):
        try:
            while not (self.to_worker and self.from_worker):
                # A cut cable answers nothing: the connection hangs.
                await self.change()
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            # Nobody listens there: the port is closed.
            writer.transport.abort()
            return
        self.writers |= {writer, upstream_writer}
        await asyncio.gather(
            self.forward(reader, upstream_writer, "to_worker"), self.forward(upstream_reader, writer, "from_worker"))
        self.writers -= {writer, upstream_writer}

    async def forward(self, reader, writer, direction):
        try:
            while data := await reader.read(1 << 16):
                while not getattr(self, direction):
                    await self.change()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()

    async def change(self):
        await asyncio.sleep(0.02)

    def cut(self, to_worker=True, from_worker=True):
        """Nothing passes any more, and nobody is told."""
        if to_worker:
            self.to_worker = False
        if from_worker:
            self.from_worker = False

    def mend(self):
        """Connections from before are gone, as those that were given up are; new ones pass."""
        was_cut = not (self.to_worker and self.from_worker)
        self.delay = 0.0

        def reset():
            if was_cut:
                for writer in list(self.writers):
                    writer.transport.abort()
            self.to_worker = self.from_worker = True

        self.loop.call_soon_threadsafe(reset)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
