"""A worker with `--memory 700MiB` that is asked for far more keeps to it, and works on: at most 800 MiB are ever resident."""
import os
import re
import socket
import threading
import time
import unittest

import links
from cluster import Cluster, MODEL

MEMORY = 700 << 20
MOST = 800 << 20
SESSION = 0x1234567890abcdef


class Floods(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(workers=1, serve=False, worker_flags=("--memory", "700MiB"))
        self.cluster.__enter__()
        self.addCleanup(self.cluster.__exit__)
        self.address = self.cluster.worker_flags[1]
        self.port = int(self.address.split(":")[1])
        self.store = os.path.join(self.cluster.folder, f"data-{self.port}", "shards")
        # Leaves all of the model in the worker's store.
        pins = [flag for part in ("embedding", "0-29", "head") for flag in ("--pin", f"{part}={self.address}")]
        self.cluster.run(
            "generate", MODEL, "--prompt", "Hi", "--max-tokens", "1", "--context", "512", "--insecure",
            *self.cluster.worker_flags, *pins)
        self.coordinator = links.Link.dial(self.port, links.COORDINATOR, SESSION)
        self.addCleanup(self.coordinator.close)
        self.coordinator.keep_alive()

    def load(self, **request):
        self.coordinator.send(
            links.control(links.LOAD_STAGE, links.load_stage(links.shards(self.store), 30, **request), request=1))
        body, _, message = self.coordinator.until(links.STAGE_LOADED, links.FAILURE)
        self.assertEqual(body, links.STAGE_LOADED, message)

    def tearDown(self):
        worker = self.cluster.process(f"worker-{self.port}")
        self.assertIsNone(worker.poll(), self.cluster.log(f"worker-{self.port}"))
        with open(f"/proc/{worker.pid}/status", encoding="utf-8") as status:
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024
        print(f"{self.id()}: at most {peak >> 20} MiB")
        self.assertLessEqual(peak, MOST)
        # It still answers.
        link = links.Link.dial(self.port, links.INSPECTOR)
        link.send(links.control(links.DESCRIBE_DEVICE, request=1))
        link.until(links.DEVICE_REPORT)
        link.close()

    def failure(self):
        """The code and the text of the next step that fails."""
        _, _, message = self.coordinator.until(links.STEP_FAILED)
        told = dict(links.fields(message))
        return told[4], told[5].decode()

    def test_results_of_a_small_frame(self):
        self.load()
        for number, count in ((1, 22_000), (2, 2_000)):
            entries = [links.open_sequence(number), links.rows(number, 0, count, 2)]
            self.coordinator.send(links.step(number, entries, [5] * count))
            code, text = self.failure()
            # A bad request, which was obeyed in no part: its sequence is not open.
            self.assertEqual(code, 1, text)
            self.assertIn(f"{count} rows", text)
        # Three times the memory in all, and nothing is read while the first of them are computed.
        steps = range(3, 15)
        for number in steps:
            entries = [links.close_sequence(1), links.open_sequence(1), links.rows(1, 0, 300, 2)]
            self.coordinator.send(links.step(number, entries, [5] * 300))
        time.sleep(6)
        results = failures = 0
        while results + failures < len(steps):
            kind, body, _, message = self.coordinator.receive()
            if kind == links.STEP:
                results += 1
            elif body == links.STEP_FAILED:
                self.assertEqual(dict(links.fields(message))[4], 3, message)
                failures += 1
        print(f"{results} steps had results, {failures} were refused")
        self.assertGreater(results, 0)

    def test_opens_without_end(self):
        self.load(context=1 << 20, slots=65_536)
        for first in range(0, 1 << 20, 60_000):
            entries = [links.open_sequence(first + number) for number in range(60_000)]
            self.coordinator.send(links.step(first + 1, entries, []))
        self.assertEqual(self.failure()[0], 12)

    def test_replies_that_nobody_reads(self):
        probe = links.control(links.LINK_PROBE, links.number(2, 512 << 10), request=1) + links.control(
            links.PING, links.fixed(1, 1))
        flooding = [links.Link.dial(self.port, links.INSPECTOR) for _ in range(8)]
        for link in flooding:
            link.connection.settimeout(0.2)
        ended = set()
        # Sends as much as is taken until the worker has given all of them up.
        while len(ended) < len(flooding):
            for link in flooding:
                if link in ended:
                    continue
                try:
                    for _ in range(1000):
                        link.connection.sendall(probe)
                except socket.timeout:
                    # Frames may be cut here: the rest is not taken either.
                    pass
                except OSError:
                    ended.add(link)

    def test_frames_that_are_never_whole(self):
        self.load()
        begun = links.struct.pack("<4sB3xI4x", b"SHOL", links.STEP, 255 << 20) + bytes(1 << 20)
        ended = 0
        flooding = [links.Link.dial(self.port, links.UPSTREAM, SESSION) for _ in range(16)]
        for link in flooding:
            try:
                link.send(begun)
                for _ in range(60):
                    link.send(bytes(1 << 20))
            except OSError:
                ended += 1
        self.assertGreaterEqual(ended, 14)
        # Links of roles that bring none are closed at the header.
        link = links.Link.dial(self.port, links.INSPECTOR)
        link.send(begun[:16])
        with self.assertRaises((EOFError, OSError)):
            while True:
                link.receive()

    def test_a_source_that_tells_of_many_sequences(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        told = b"".join(
            links.data(1, links.number(1, sequence) + links.number(2, 1 << 18)) for sequence in range(1, 20_001))
        asked = threading.Event()

        def answer():
            link = links.Link(listener.accept()[0])
            link.receive()
            link.send(links.control(links.WELCOME, links.number(1, 1) + links.data(2, "source") + links.data(3, "test")))
            try:
                while True:
                    _, body, request, _ = link.receive()
                    if body == links.DESCRIBE_DEVICE:
                        stage_range = links.number(1, 1) + links.number(2, 0) + links.number(3, 30) + links.number(4, 1)
                        stage = (
                            links.fixed(1, SESSION) + links.number(2, 1) + links.number(3, 0) + links.data(4, "model")
                            + links.data(5, stage_range))
                        report = (
                            links.data(1, "source") + links.data(2, "test") + links.number(3, 1) + links.number(4, 1)
                            + links.data(5, "scalar") + links.number(6, 1) + links.data(10, stage))
                        link.send(links.control(links.DEVICE_REPORT, report, request))
                    elif body == links.CACHE_INQUIRY:
                        link.send(links.control(links.CACHE_INVENTORY, told, request))
                        asked.set()
                    elif body is not None and request:
                        # No pages: the positions are computed again.
                        link.send(links.control(links.FAILURE, links.number(1, 8) + links.data(2, "gone"), request))
            except (EOFError, OSError):
                pass

        threading.Thread(target=answer, daemon=True).start()
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        source = links.number(1, 1) + links.number(2, 0) + links.data(3, address)
        kept = b"".join(links.data(13, links.number(1, number) + links.number(2, 2000)) for number in (3, 7))
        self.load(epoch=2, context=1 << 18, more=links.data(12, source) + kept)
        self.assertTrue(asked.wait(10))
