"""Clients that mean ill, many or slow, and that others get their answers meanwhile."""
import http.client
import json
import os
import resource
import socket
import threading
import time
import unittest
import urllib.parse

from cluster import Cluster

IDLE = 10_000


def setUpModule():
    global address, serve
    cluster = Cluster(context=2048, workers=0)
    unittest.addModuleCleanup(cluster.__exit__)
    cluster.__enter__()
    url = urllib.parse.urlsplit(cluster.url)
    address = (url.hostname, url.port)
    serve = cluster.process("serve").pid


def ask(**fields):
    """An answer on a connection of its own: status and body."""
    connection = http.client.HTTPConnection(*address, timeout=180)
    try:
        body = json.dumps({"prompt": "One, two,", "max_tokens": 2, "temperature": 0} | fields)
        connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def resident_bytes():
    with open(f"/proc/{serve}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


class Bounds(unittest.TestCase):
    def tearDown(self):
        self.assertEqual(ask()[0], 200)

    def test_ten_thousand_idle_connections(self):
        limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and most < IDLE + 100:
            self.skipTest(f"this user may have {most} files open only")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(limit, IDLE + 100), most))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (limit, most))
        before = resident_bytes()
        # An answer that goes on meanwhile.
        stream = http.client.HTTPConnection(*address, timeout=180)
        self.addCleanup(stream.close)
        stream.request("POST", "/v1/completions", json.dumps(
            {"prompt": "Count:", "max_tokens": 1500, "stream": True, "ignore_eos": True}), {"Content-Type": "application/json"})
        answer = stream.getresponse()
        self.assertEqual(answer.status, 200)
        idle = []
        self.addCleanup(lambda: [connection.close() for connection in idle])
        for count in range(IDLE):
            idle.append(socket.create_connection(address, timeout=180))
            if count % 1000 == 999:
                self.assertEqual(ask()[0], 200)
        self.assertEqual(len(idle), IDLE)
        self.assertTrue(answer.read().endswith(b"data: [DONE]\n\n"))
        self.assertLess(len(os.listdir(f"/proc/{serve}/fd")), 1024 + 256)
        self.assertLess(resident_bytes() - before, 256 << 20)

    def test_slow_heads_and_bodies(self):
        def drip(text, byte):
            """Sends a byte every half second; how long until the server had enough."""
            with socket.create_connection(address, timeout=180) as connection:
                connection.sendall(text)
                connection.settimeout(0.5)
                began = time.monotonic()
                while time.monotonic() - began < 180:
                    try:
                        if connection.recv(4096) == b"":
                            return
                    except TimeoutError:
                        pass
                    except OSError:
                        return
                    try:
                        connection.sendall(byte)
                    except OSError:
                        return
                self.fail(f"still open: {text}")

        head = b"POST /v1/completions HTTP/1.1\r\nHost: x\r\n"
        slow = [threading.Thread(target=drip, args=arguments) for arguments in [
            (b"GET / HTTP/1.1\r\nX: ", b"y"), (head + b"Content-Length: 100000\r\n\r\n{", b" "),
            (head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")] for _ in range(20)]
        failures = []
        hook, threading.excepthook = threading.excepthook, lambda arguments: failures.append(arguments.exc_value)
        self.addCleanup(setattr, threading, "excepthook", hook)
        for thread in slow:
            thread.start()
        while any(thread.is_alive() for thread in slow):
            self.assertEqual(ask()[0], 200)
            time.sleep(0.5)
        self.assertEqual(failures, [])

    def test_prompts_without_end(self):
        # Refused by their length alone: so often, that cutting them into tokens would take minutes.
        for _ in range(10):
            status, body = ask(prompt="a" * 1_000_000)
            self.assertEqual((status, json.loads(body)["error"]["code"]), (400, "context_length_exceeded"))
        status, body = ask(prompt=[0] * 1_000_000)
        self.assertEqual(status, 413)
        status, body = ask(prompt=[0] * 200_000)
        self.assertEqual((status, json.loads(body)["error"]["code"]), (400, "context_length_exceeded"))

    def test_many_large_bodies_at_a_time(self):
        before = resident_bytes()
        results = []
        threads = [threading.Thread(target=lambda: results.append(ask(prompt="a" * 1_000_000)[0])) for _ in range(30)]
        for thread in threads:
            thread.start()
        self.assertEqual(ask()[0], 200)
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 30)
        self.assertLessEqual(set(results), {400, 503})
        self.assertLess(resident_bytes() - before, 512 << 20)

    def test_fields_out_of_bounds(self):
        for fields in ({"n": 1 << 40}, {"stop": ["a"] * 65}, {"stop": "a" * 2000}, {"user": "u" * 300}, {"model": "m" * 300},
                       {"best_of": 1000}, {"logit_bias": {str(token): 1 for token in range(5000)}}, {"max_tokens": -1}):
            status, body = ask(**fields)
            self.assertEqual(status, 400, body)
            self.assertLess(len(body), 1000)
