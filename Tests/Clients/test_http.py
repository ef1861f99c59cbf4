"""What no client library sends: the API as plain HTTP."""
import http.client
import json
import time
import unittest
import urllib.parse

from cluster import Cluster


def setUpModule():
    global address
    cluster = Cluster(context=256)
    unittest.addModuleCleanup(cluster.__exit__)
    cluster.__enter__()
    address = urllib.parse.urlsplit(cluster.url).netloc


class Requests(unittest.TestCase):
    def setUp(self):
        self.connection = http.client.HTTPConnection(address, timeout=180)
        self.addCleanup(self.connection.close)

    def send(self, method, path, body=None):
        self.connection.request(method, path, body, {"Content-Type": "application/json"} if body is not None else {})
        response = self.connection.getresponse()
        return response, response.read()

    def error(self, status, method, path, body=None):
        response, data = self.send(method, path, body)
        self.assertEqual(response.status, status, data)
        error = json.loads(data)["error"]
        self.assertEqual(sorted(error), ["code", "message", "param", "type"])
        return error

    def test_health(self):
        response, data = self.send("GET", "/health")
        self.assertEqual((response.status, json.loads(data)), (200, {"status": "ok"}))
        response, data = self.send("HEAD", "/health")
        self.assertEqual((response.status, data), (200, b""))

    def test_cluster(self):
        response, data = self.send("GET", "/api/cluster")
        report = json.loads(data)
        self.assertEqual(response.status, 200)
        self.assertEqual(len([device for device in report["devices"] if device["connected"]]), len(report["devices"]))
        self.assertEqual(len(report["devices"]), 4)
        covered = [layer for stage in report["stages"] for layer in range(stage["first_layer"], stage["last_layer"])]
        self.assertEqual(covered, list(range(report["model"]["layers"])))
        for device in report["devices"]:
            self.assertGreater(device["resident_bytes"], 0)

    def test_malformed_json(self):
        for body in ("", "{", "nonsense", "[1,2", '{"messages":[{]}', "\x00", "[" * 100_000):
            self.assertEqual(self.error(400, "POST", "/v1/chat/completions", body)["code"], "invalid_json")
        # The connection is as good as before.
        self.assertEqual(self.send("GET", "/health")[0].status, 200)

    def test_bodies_that_are_no_object(self):
        for body in ("[]", "5", "null", '"text"', "true"):
            self.error(400, "POST", "/v1/completions", body)

    def test_unknown_paths_and_methods(self):
        self.assertEqual(self.error(404, "GET", "/")["code"], "unknown_url")
        self.assertEqual(self.error(404, "POST", "/v1/images/generations", "{}")["code"], "unknown_url")
        self.assertEqual(self.error(405, "GET", "/v1/chat/completions")["code"], "method_not_allowed")
        response, _ = self.send("DELETE", "/v1/models")
        self.assertEqual((response.status, response.headers["Allow"]), (405, "GET"))

    def test_a_body_of_more_than_1_mib(self):
        body = json.dumps({"prompt": "a" * (1 << 20)})
        self.assertEqual(self.error(413, "POST", "/v1/completions", body)["code"], "request_too_large")

    def test_several_requests_on_one_connection(self):
        body = json.dumps({"prompt": "One, two,", "max_tokens": 4, "temperature": 0})
        texts = {json.loads(self.send("POST", "/v1/completions", body)[1])["choices"][0]["text"] for _ in range(4)}
        self.assertEqual(len(texts), 1)

    def test_stream_as_it_is_on_the_wire(self):
        body = json.dumps({"prompt": "One, two,", "max_tokens": 4, "temperature": 0, "stream": True})
        response, data = self.send("POST", "/v1/completions", body)
        self.assertEqual(response.headers.get_content_type(), "text/event-stream")
        events = data.decode().split("\n\n")
        self.assertEqual(events[-2:], ["data: [DONE]", ""])
        for event in events[:-2]:
            self.assertTrue(event.startswith("data: {"))
            self.assertEqual(json.loads(event[len("data: "):])["object"], "text_completion")
        # Streaming leaves the connection open too.
        self.assertEqual(self.send("GET", "/health")[0].status, 200)

    def test_an_answer_ends_at_the_context(self):
        body = json.dumps({"prompt": "1 2 3 4 5 6 7 8 9", "temperature": 0, "logit_bias": {"0": -100, "2": -100}})
        response, data = self.send("POST", "/v1/completions", body)
        answer = json.loads(data)
        self.assertEqual(response.status, 200)
        self.assertEqual(answer["choices"][0]["finish_reason"], "length")
        # The last token needs no place of its own: nothing is computed from it.
        self.assertIn(answer["usage"]["total_tokens"], (256, 257))

    def test_clients_that_leave_during_the_answer_free_their_place(self):
        body = json.dumps({"prompt": "Once upon a time", "max_tokens": 200, "logit_bias": {"0": -100, "2": -100}})
        for stream in (False, True):
            for _ in range(8):
                other = http.client.HTTPConnection(address, timeout=180)
                other.request("POST", "/v1/completions", json.dumps(json.loads(body) | {"stream": stream}), {"Content-Type": "application/json"})
                other.close()
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            report = json.loads(self.send("GET", "/api/cluster")[1])
            if report["running_sequences"] == report["waiting_sequences"] == 0:
                return
            time.sleep(0.05)
        self.fail(report)
