"""A worker as PROTOCOL.md tells it, on plain links, computing in f32: what a coordinator needs, and no more."""
import hashlib
import itertools
import socket
import struct
import threading

import links
import llama
import messages
from links import CLOSE, F32, FORK, NONE, OPEN, PIECE, ROWS, STEP, TOKENS, TRIM, Ended, Link, Step


class Fails(Exception):
    def __init__(self, code, message, **more):
        super().__init__(message)
        self.fields = {"code": code, "message": message, **more}


class Stage:
    def __init__(self, load, model, onward):
        self.load, self.model, self.onward = load, model, onward
        numbers = load["range"]
        self.embedding, self.head = numbers["embedding"], numbers["head"]
        self.layers = range(numbers["first_layer"], numbers["last_layer"])
        self.ends_layers = len(self.layers) > 0 and self.layers.stop == model.layers
        self.sequences, self.steps, self.rows = {}, 0, 0

    def run(self, step):
        """The step for the next stage; what came before a failure stays done."""
        ends_here = step.replay and self.load["stage"] >= step.last
        rows, out = iter(step.values()), []
        pruned = step.pruned or self.ends_layers or ends_here
        for entry in step.entries:
            if entry.kind != ROWS:
                self.obey(entry, step)
                continue
            wanted = (0, 1, entry.count)[entry.output]
            present = wanted if step.pruned else entry.count
            made = self.compute(entry, list(itertools.islice(rows, present)), step.replay)
            out += made[len(made) - wanted :] if pruned else made
        if self.head:
            out = [self.model.head(row) for row in out]
        self.steps, self.rows = self.steps + 1, self.rows + step.rows
        width = len(out[0]) if out else 0
        codec = (F32 if self.head else messages.SCHEMA.values["StepCodec"][self.load["activation_codec"]]) if out else NONE
        return Step(
            step.epoch, step.stage + 1, step.step, step.entries, codec, width, encode(codec, out), len(out), pruned, step.replay,
            step.last)

    def compute(self, entry, rows, is_replay):
        if rows and (len(rows[0]) == 1) != self.embedding:
            raise Fails("BAD_REQUEST", "tokens to a stage without the embedding, or rows to one with it")
        if not self.layers:
            return [self.model.embed(row[0]) for row in rows] if self.embedding else rows
        sequence = self.sequence(entry.sequence)
        if entry.position > sequence.length or not is_replay and entry.position != sequence.length:
            raise Fails("POSITION_MISMATCH", f"sequence {entry.sequence} has {sequence.length} positions")
        if entry.position + entry.count > self.load["context"]:
            raise Fails("CONTEXT_FULL", f"sequence {entry.sequence} is full")
        made = []
        for position, row in enumerate(rows, entry.position):
            row = self.model.embed(row[0]) if self.embedding else row
            for layer in self.layers:
                row = self.model.layer(layer, row, sequence, position)
            made.append(row)
        sequence.length = max(sequence.length, entry.position + entry.count)
        return made

    def obey(self, entry, step):
        number, other = entry.sequence, entry.position
        if step.replay:
            if self.load["stage"] <= step.last and self.sequence(number).length < entry.count:
                trims = self.sequences[number].trims
                self.sequences[number] = self.sequence(other).fork(entry.count)
                self.sequences[number].trims = trims
        elif entry.kind == CLOSE:
            self.sequences.pop(number, None)
        elif entry.kind == TRIM:
            self.sequence(number).trim(entry.position if self.layers else 0)
        else:
            if number in self.sequences:
                raise Fails("BAD_REQUEST", f"sequence {number} is open")
            if len(self.sequences) >= self.load["slots"]:
                raise Fails("BUSY", "no slot is free")
            new = llama.Sequence(self.layers)
            if entry.kind == FORK and self.layers:
                origin = self.sequence(other)
                if entry.count > origin.length:
                    raise Fails("POSITION_MISMATCH", f"sequence {other} has {origin.length} positions")
                new = origin.fork(entry.count)
            self.sequences[number] = new

    def sequence(self, number):
        if number not in self.sequences:
            raise Fails("SEQUENCE_MISSING", f"sequence {number} is not open")
        return self.sequences[number]


def encode(codec, rows):
    if codec in (links.F32, links.F16):
        return b"".join(struct.pack(f"<{len(row)}{'f' if codec == F32 else 'e'}", *row) for row in rows)
    out = b""
    for row in rows:
        for at in range(0, len(row), 32):
            block = row[at : at + 32]
            scale = max(map(abs, block)) / 127
            out += struct.pack("<f32b", scale, *(max(-127, min(127, round(value / scale))) if scale else 0 for value in block))
    return out


class Worker:
    """Listens on a port of loopback; each link has a thread of its own, and one lock is what computes."""

    def __init__(self, name="python"):
        self.name, self.shards, self.partial, self.stages = name, {}, {}, {}
        self.coordinators, self.lock, self.links, self.faults, self.seen = {}, threading.RLock(), [], [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accepting, daemon=True).start()

    def close(self):
        self.listener.close()
        for link in self.links:
            link.close()

    def accepting(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(Link(connection),), daemon=True).start()

    def serve(self, link):
        role, session = None, 0
        try:
            _, body, hello = messages.open_envelope(link.read()[1])
            assert body == "hello", body
            role, session = hello["role"], hello["session"]
            refusal = self.refusal(hello)
            if refusal:
                link.say("refusal", {"code": refusal, "message": "no", "lowest_version": 1, "highest_version": 1})
                return link.close()
            self.links.append(link)
            self.seen.append(role)
            if role == "COORDINATOR":
                self.coordinators[session] = link
            link.say("welcome", {"version": 1, "name": self.name, "software_version": "python"})
            link.start()
            while True:
                self.take(link, role, session, *link.next())
        except (Ended, OSError) as ended:
            # A goodbye of the coordinator frees what its session has here.
            if role == "COORDINATOR" and isinstance(ended, Ended) and str(ended) != "without a goodbye":
                self.drop(lambda key: key[0] == session)
        except Exception as error:
            self.faults.append(f"{role}: {error!r}")
        link.close()

    def refusal(self, hello):
        if not hello["lowest_version"] <= 1 <= hello["highest_version"]:
            return "VERSION_MISMATCH"
        if hello["role"] == "UPSTREAM" and hello["session"] not in self.coordinators:
            return "UNKNOWN_SESSION"
        return "NOT_ALLOWED" if hello["role"] == "JOIN" else None

    def drop(self, which):
        with self.lock:
            for key in [key for key in self.stages if which(key)]:
                onward = self.stages.pop(key).onward
                if onward.is_open and onward not in self.coordinators.values():
                    onward.say("goodbye", {"reason": "unloaded"})

    def take(self, link, role, session, kind, request, body, content):
        try:
            if kind == STEP:
                return self.step(session, content)
            if kind == PIECE:
                return self.piece(link, content)
            reply = getattr(self, body)(link, session, content)
            if reply:
                link.say(*reply, request)
        except Fails as fails:
            link.say("failure", fields=fails.fields, request=request)

    # -- requests

    def describe_device(self, link, session, _):
        def report(key, stage):
            size = sum(4 * len(values) for _, values in stage.model.tensors.values())
            return {
                "session": key[0], "epoch": key[1], "stage": key[2], "model_name": stage.load["model_name"], "range": stage.load["range"],
                "weight_bytes": size, "sequences": len(stage.sequences), "steps": stage.steps, "rows": stage.rows}

        # Fast enough to be given anything.
        rates = [{"element_type": 0, "rows": rows, "bytes_per_second": 10**9} for rows in (1, 4, 16, 64)]
        profile = {"measured_at": 1, "threads": 1, "instruction_set": "python", "read_bytes_per_second": 10**10, "products": rates}
        return "device_report", {
            "name": self.name, "software_version": "python", "cores": 1, "threads": 1, "instruction_set": "python",
            "architecture": "X86_64", "memory_budget_bytes": 1 << 30, "profile": profile,
            "stages": [report(key, stage) for key, stage in self.stages.items()]}

    def link_probe(self, link, session, probe):
        return "link_probe_reply", {"payload": bytes(probe["reply_bytes"])}

    def measure_device(self, link, session, _):
        return "device_profile", self.describe_device(link, session, None)[1]["profile"]

    def shard_inquiry(self, link, session, inquiry):
        def holding(id):
            data = self.shards.get(id, self.partial.get(id, b""))
            return {"id": id, "bytes_held": len(data), "complete": id in self.shards}

        return "shard_inventory", {"shards": [holding(id) for id in inquiry["ids"]]}

    def piece(self, link, payload):
        id, offset, total = struct.unpack_from("<32sQQ", payload)
        held = self.partial.get(id, b"")
        if id in self.shards or offset != len(held):
            raise Fails("BAD_REQUEST", "does not begin where this ends", shard=id)
        held += payload[48:]
        self.partial[id] = held
        link.say("shard_piece_accepted", {"id": id, "bytes_held": len(held)})
        if len(held) < total:
            return
        del self.partial[id]
        if hashlib.sha256(held).digest() != id:
            raise Fails("SHARD_CORRUPT", "other bytes", shard=id)
        self.shards[id] = held
        link.say("shard_stored", {"id": id})

    def fetch_shard(self, link, session, fetch):
        raise Fails("NEXT_UNREACHABLE", "this worker fetches from nobody", shard=fetch["id"])

    def shard_request(self, link, session, part):
        data = self.shards.get(part["id"])
        if data is None:
            raise Fails("SHARD_MISSING", "not here", shard=part["id"])
        for at in range(part["offset"], part["offset"] + part["count"], 1 << 20):
            end = min(at + (1 << 20), part["offset"] + part["count"])
            link.send(PIECE, struct.pack("<32sQQ", part["id"], at, len(data)) + data[at:end])

    def load_stage(self, link, session, load):
        if load["compute"] != "F32":
            raise Fails("UNSUPPORTED", "this worker computes in f32")
        missing = [id for id in load["shards"] if id not in self.shards]
        if missing:
            raise Fails("SHARD_MISSING", "a shard is not here", shard=missing[0])
        onward = link
        if load["next_worker"]:
            host, port = load["next_worker"]["address"].rsplit(":", 1)
            try:
                onward = Link.dial((host, int(port)), "UPSTREAM", session, name=self.name)
            except (OSError, links.Refused) as error:
                raise Fails("NEXT_UNREACHABLE", str(error))
            self.links.append(onward)
        stage = Stage(load, llama.Model([self.shards[id] for id in load["shards"]]), onward)
        kept = []
        with self.lock:
            sources = [(session, source["epoch"], source["stage"]) for source in load["caches"] if not source["address"]]
            for wanted in load["sequences"]:
                new = llama.Sequence(stage.layers)
                for key in sources:
                    old = self.stages[key].sequences.get(wanted["sequence"]) if key in self.stages else None
                    if old and old.trims == wanted["trims"] and set(stage.layers) <= set(old.cache):
                        new = old.fork(min(old.length, wanted["positions"]))
                new.trims = wanted["trims"]
                stage.sequences[wanted["sequence"]] = new
                positions = new.length if stage.layers else wanted["positions"]
                kept.append({"sequence": wanted["sequence"], "positions": positions, "trims": new.trims})
            self.drop(lambda key: key in sources)
            self.stages[session, load["epoch"], load["stage"]] = stage
        return "stage_loaded", {"epoch": load["epoch"], "stage": load["stage"], "weight_bytes": 1, "sequences": kept}

    def unload_stages(self, link, session, unload):
        self.drop(lambda key: key[0] == session and key[1] <= unload["epochs_through"])
        return "stages_unloaded", {}

    # -- steps

    def step(self, session, step):
        with self.lock:
            stage = self.stages.get((session, step.epoch, step.stage))
            if stage is None:
                if any(key[:2] == (session, step.epoch) for key in self.stages):
                    self.fail(session, step, Fails("STAGE_MISSING", "no such stage here"))
                return
            try:
                stage.onward.send(STEP, stage.run(step).encode())
            except Fails as fails:
                self.fail(session, step, fails)

    def fail(self, session, step, fails):
        self.coordinators[session].say(
            "step_failed", {"epoch": step.epoch, "step": step.step, "stage": step.stage, **fails.fields})
