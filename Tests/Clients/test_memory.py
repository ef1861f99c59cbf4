"""A worker holds its own layers and their KV cache, and nothing of the others'."""
import json
import sys
import unittest
import urllib.request

from cluster import Cluster, MODEL


def devices(workers, *pins):
    """What `devices` shows of workers in the middle of an answer to a prompt of 600 tokens."""
    with Cluster(context=2048, workers=workers, pins=pins) as cluster:
        # Without the tokens that end an answer, it goes on until it is left.
        body = {"prompt": [504] * 600, "max_tokens": 1400, "stream": True, "logit_bias": {"0": -100, "2": -100}}
        request = urllib.request.Request(
            cluster.url + "/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer.readline()
            found = json.loads(cluster.run("devices", "--insecure", "--json", *cluster.worker_flags))["devices"]
            plan = json.loads(cluster.run("plan", MODEL, "--insecure", "--json", "--context", "2048", *cluster.worker_flags))
            for device in found:
                device["scratch_bytes"] = max(stage["scratch_bytes"] for stage in plan["stages"])
                device["mapped"] = mapped(cluster.process("worker-" + device["address"].split(":")[1]).pid)
            return found


def mapped(process):
    """Bytes that are resident of each file which a process has mapped."""
    resident = {}
    if sys.platform == "linux":
        with open(f"/proc/{process}/smaps", encoding="utf-8") as file:
            for line in file:
                fields = line.split(maxsplit=5)
                if not fields[0].endswith(":"):
                    name = fields[5].strip() if len(fields) > 5 else ""
                elif fields[0] == "Rss:" and name.startswith("/"):
                    resident[name] = resident.get(name, 0) + int(fields[1]) * 1024
    return resident


class Memory(unittest.TestCase):
    def test_each_of_three_workers_holds_a_third(self):
        alone, = devices(1)
        three = devices(3, ("0-9", 0), ("10-19", 1), ("20-29", 2))
        self.assertGreater(alone["weight_bytes"], 60 << 20)
        # 3 heads of 64 values of 2 bytes, keys and values, 30 layers, 600 positions.
        self.assertGreaterEqual(alone["key_value_bytes"], 3 * 64 * 2 * 2 * 30 * 600)
        for device in three:
            with self.subTest(device=device["name"], alone=alone, device_of_three=device):
                # Ten of thirty layers each; all layers are equal.
                self.assertEqual(device["weight_bytes"] * 3, alone["weight_bytes"])
                # A third too, but for the positions that came between the two looks.
                self.assertGreaterEqual(device["key_value_bytes"], 3 * 64 * 2 * 2 * 10 * 600)
                self.assertLess(device["key_value_bytes"] * 2, alone["key_value_bytes"])
                # What the other two thirds take, but for an eighth, is not resident.
                missing = (alone["weight_bytes"] - device["weight_bytes"]) * 7 // 8
                self.assertLess(device["resident_bytes"], alone["resident_bytes"] - missing)
        for device in three + [alone]:
            with self.subTest(device=device["name"], holds=device["holds"]):
                self.check_own(device)

    def check_own(self, device):
        """Beyond weights, KV cache and scratch a worker takes little: its code and its heap."""
        known = sum(device[part] for part in ("weight_bytes", "key_value_bytes", "scratch_bytes"))
        own, resident = device["resident_bytes"] - known, device["resident_bytes"]
        print(f"{device['holds']}: {own / 1e6:.1f} MB beyond weights, KV cache and scratch, of {resident / 1e6:.1f} MB")
        self.assertLess(own, 60e6)
        if not device["mapped"]:
            return  # not Linux
        shards = {name: bytes for name, bytes in device["mapped"].items() if "/shards/" in name}
        packed = sum(bytes for name, bytes in shards.items() if name.endswith(".packed"))
        # The norms are in memory of their own; a last page is not always full.
        self.assertGreater(packed, device["weight_bytes"] * 0.98)
        self.assertLess(packed, device["weight_bytes"] * 1.02)
        # What the packed form was made from is not there beside it.
        self.assertEqual(sum(shards.values()), packed)
