"""A worker in a control group of 512 MiB: what it tells does not grow with what it holds, and what does not fit is refused."""
import contextlib
import json
import os
import time
import unittest
import urllib.request

import links
from cluster import Cluster

LIMIT = 512 << 20


def make_group():
    """The folder of a group with that limit, of either version; None where none can be made."""
    name = f"shoal-test-{os.getpid()}"
    for root, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        folder = os.path.join(root, name)
        try:
            os.mkdir(folder)
        except OSError:
            continue
        try:
            with open(os.path.join(folder, limit), "w", encoding="ascii") as file:
                file.write(str(LIMIT))
            return folder
        except OSError:
            os.rmdir(folder)
    return None


class ControlGroup(unittest.TestCase):
    def setUp(self):
        self.group = make_group()
        if self.group is None:
            self.skipTest("no control group can be made here: that takes root, and a writable /sys/fs/cgroup")
        self.addCleanup(self.remove)

    def remove(self):
        # The system lets go of the processes' memory a moment after their end.
        for _ in range(100):
            with contextlib.suppress(OSError):
                return os.rmdir(self.group)
            time.sleep(0.05)

    def device(self, cluster):
        told, = json.loads(cluster.run("devices", "--insecure", "--json", *cluster.worker_flags))["devices"]
        return told

    def test_the_budget_stays_and_what_does_not_fit_is_refused(self):
        with Cluster(context=2048, workers=1, pins=(("0-29", 0),), worker_group=self.group) as cluster:
            before = self.device(cluster)
            self.assertLessEqual(before["memory_budget_bytes"], LIMIT * 7 // 8)
            self.assertGreater(before["memory_budget_bytes"], LIMIT * 7 // 8 - (64 << 20))
            for first in range(4):
                body = {"prompt": [600 + first] * 1500, "max_tokens": 1, "temperature": 0}
                request = urllib.request.Request(
                    cluster.url + "/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
                urllib.request.urlopen(request, timeout=170).close()
            after = self.device(cluster)
            # Four caches of 1,500 positions of 30 layers.
            self.assertGreater(after["key_value_bytes"], 4 * 1500 * 23_040)
            grown = after["memory_budget_bytes"] - before["memory_budget_bytes"]
            print(f"told {before['memory_budget_bytes'] >> 20} MiB before and {after['memory_budget_bytes'] >> 20} MiB after")
            self.assertLess(abs(grown), 32 << 20)
            # Another coordinator asks for caches that it has no room for beside these.
            port = int(cluster.worker_flags[1].split(":")[1])
            store = os.path.join(cluster.folder, f"data-{port}", "shards")
            link = links.Link.dial(port, links.COORDINATOR, 77)
            stage_range = links.number(1, 0) + links.number(2, 0) + links.number(3, 30)
            message = (
                links.number(1, 1) + links.number(2, 0) + links.data(3, stage_range)
                + b"".join(links.data(4, id) for id in links.shards(store)) + links.data(5, "model")
                + links.number(6, 1) + links.number(7, 8192) + links.number(8, 4) + links.number(10, 2)
                + links.number(15, 4 * 8192))
            link.keep_alive()
            link.send(links.control(links.LOAD_STAGE, message, request=1))
            body, _, failure = link.until(links.STAGE_LOADED, links.FAILURE)
            self.assertEqual(body, links.FAILURE)
            self.assertEqual(dict(links.fields(failure))[1], 3, failure)
            link.close()
            self.assertIsNone(cluster.process(f"worker-{port}").poll())
