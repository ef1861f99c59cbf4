"""What a coordinator, a tool and other workers see of a `shoal worker`."""
import hashlib
import re
import socket
import struct
import time

import llama
import messages
import program
from checks import holds, near
from links import CACHE, CLOSE, CONTROL, F16, F32, FORK, OPEN, PATIENCE, PIECE, Q8, ROWS, STEP, TOKENS, TRIM, Ended, Entry, Link, Refused, Step, frame
from worker import Worker, encode

TEXT = [3, 17, 0, 39, 5, 5, 21, 8, 30, 11]
ALL = dict(embedding=True, first_layer=0, last_layer=llama.LAYERS, head=True)


class Work:
    """One worker for all checks, and what the model's logits are."""

    def __init__(self):
        self.tested = program.Worker()
        self.shards = llama.Shards()
        self.model = llama.Model([llama.whole_model()])
        self.logits = llama.logits(self.model, TEXT)
        self.sessions = 100

    def dial(self, role="COORDINATOR", session=None, **hello):
        if session is None:
            self.sessions += 1
            session = self.sessions
        link = Link.dial(self.tested.address, role, session, **hello)
        link.session = session
        return link

    def bring(self, link, *parts):
        """Sends the shards that the worker lacks, each in pieces of 3,000 bytes."""
        for part in parts or self.shards.parts:
            id, data = self.shards.ids[part], self.shards.parts[part]
            _, inventory = link.ask("shard_inquiry", {"ids": [id]})
            if not inventory["shards"][0]["complete"]:
                for at in range(inventory["shards"][0]["bytes_held"], len(data), 3000):
                    link.send(PIECE, piece(id, at, len(data), data[at : at + 3000]))
                    link.next(lambda kind, request, body, content: body == "shard_piece_accepted")
                assert link.notice("shard_stored")["id"] == id

    def request(self, epoch=1, stage=0, part=ALL, parts=("embedding", 0, 1, 2, "head"), **more):
        return {
            "epoch": epoch, "stage": stage, "range": part, "shards": self.shards.of(*parts), "model_name": "conformance",
            "compute": "F32", "context": 128, "slots": 3, "activation_codec": "F32", **more}

    def loaded(self, epoch=1, **more):
        """A new session's link and the reply to its `LoadStage` of the whole model."""
        link = self.dial()
        self.bring(link)
        return link, self.load(link, epoch=epoch, **more)

    def load(self, link, **more):
        reply, content = link.ask("load_stage", self.request(**more))
        assert reply == "stage_loaded", (reply, content)
        return content

    def end(self):
        self.tested.end()


def piece(id, offset, total, data):
    return struct.pack("<32sQQ", id, offset, total) + data


def tokens(entries, ids, epoch=1, stage=0, number=1, **more):
    data = struct.pack(f"<{len(ids)}I", *ids)
    return Step(epoch, stage, number, entries, TOKENS if ids else 0, 1 if ids else 0, data, len(ids), **more)


def rows(sequence, position, count, output=2):
    return Entry(sequence, position, count, ROWS, output)


def feed(link, ids, position=0, sequence=1, opens=True, number=1, epoch=1, output=2):
    entries = ([Entry(sequence)] if opens else []) + [rows(sequence, position, len(ids), output)]
    return link.run(tokens(entries, ids, epoch, number=number))


def stages(work, link):
    """The stages of the link's session."""
    return [stage for stage in link.ask("describe_device")[1]["stages"] if stage["session"] == link.session]


def stages_of_next_link(work, session):
    """What a new link of a session finds, which then says goodbye."""
    link = work.dial(session=session)
    found = stages(work, link)
    link.goodbye()
    return found


def closes(work, data, role="COORDINATOR"):
    """The worker closes the link when it gets these bytes."""
    link = work.dial(role)
    link.send_bytes(data)
    link.until_closed()


# -- Handshake


@holds("`VERSION_MISMATCH` carries the accepting side's own range, and its message names both sides' versions")
def another_version_is_refused(work):
    try:
        work.dial(lowest=7, highest=9)
        assert False, "welcomed"
    except Refused as refused:
        fields = refused.refusal
        assert (refused.code, fields["lowest_version"] <= 1 <= fields["highest_version"]) == ("VERSION_MISMATCH", True), fields
        assert "7" in fields["message"] and "1" in fields["message"], fields


@holds("`Welcome`, with the highest version that both speak")
def the_version_is_chosen(work):
    link = work.dial(lowest=1, highest=9)
    assert link.welcome["version"] == 1 and link.welcome["name"] == work.tested.name, link.welcome
    link.goodbye()


@holds("A hello with values out of range is refused with `BAD_HELLO`")
def a_wrong_hello_is_refused(work):
    for wrong in (dict(lowest=3, highest=2), dict(lowest=0)):
        try:
            work.dial(**wrong)
            assert False, wrong
        except Refused as refused:
            assert refused.code == "BAD_HELLO", refused.refusal


@holds("On a plain link all roles but `JOIN` are allowed", "A hello of another role than the certificate allows is refused with `NOT_ALLOWED`")
def joining_is_refused(work):
    try:
        work.dial("JOIN")
        assert False, "welcomed"
    except Refused as refused:
        assert refused.code == "NOT_ALLOWED", refused.refusal


@holds("| `UNKNOWN_SESSION` | a link of role `UPSTREAM` or `CACHES` for a session")
def an_unknown_session_is_refused(work):
    try:
        work.dial("UPSTREAM", session=1 << 60)
        assert False, "welcomed"
    except Refused as refused:
        assert refused.code == "UNKNOWN_SESSION", refused.refusal


@holds("It sends nothing else before the answer.", "A second hello, welcome or refusal closes the connection.")
def hellos_come_first_and_once(work):
    hello = messages.envelope("hello", {"lowest_version": 1, "highest_version": 1, "role": "INSPECTOR", "name": "x"})
    closes(work, frame(CONTROL, hello))
    link = Link(socket.create_connection(work.tested.address, timeout=60))
    link.say("ping", {"nonce": 1})
    link.start().until_closed()


# -- Frames


@holds("closes at the first byte that cannot be right")
def wrong_frames_close(work):
    ping = messages.envelope("ping", {"nonce": 1})
    closes(work, frame(CONTROL, ping, magic=b"SHOM"))
    closes(work, frame(CONTROL, ping, flags=1))
    closes(work, frame(9, ping))
    closes(work, struct.pack("<4sBBHII", b"SHOL", CONTROL, 0, 0, (1 << 20) + 1, 0))


@holds("An envelope without a known message, an enum value that version 1 does not name")
def unknown_messages_close(work):
    closes(work, frame(CONTROL, b"\x08\x01"))
    closes(work, frame(CONTROL, messages.envelope("load_stage", work.request(compute=9), 1)))


@holds("Unknown fields are skipped.")
def unknown_fields_are_skipped(work):
    link = work.dial("INSPECTOR")
    link.send(CONTROL, messages.envelope("describe_device", {}, 1) + messages.varint(1000 << 3) + b"\x05")
    assert link.next()[2] == "device_report"
    link.goodbye()


@holds("`instance` names the worker's process: 32 lower-case hexadecimal digits", "`is_named` is set where `name`")
def a_worker_tells_which_process_it_is(work):
    reports = []
    for role in ("INSPECTOR", "COORDINATOR"):
        link = work.dial(role)
        reports.append(link.ask("describe_device")[1])
        link.goodbye()
    one, other = (report["instance"] for report in reports)
    assert one == other and re.fullmatch("[0-9a-f]{32}", one), (one, other)
    # The program was started with --name.
    assert all(report["is_named"] for report in reports)


@holds("and is told over links of role `COORDINATOR` and `INSPECTOR` alone", "`clock_seconds` is the device's clock when it wrote the report")
def what_is_wrong_is_told_to_who_asks(work):
    link = work.dial("INSPECTOR")
    report = link.ask("describe_device", {"diagnose": True})[1]
    assert report["clock_seconds"] > 1_700_000_000 and report["sensors"]["active_threads"] >= 1, report
    for finding in report["diagnosis"]["findings"]:
        assert finding["severity"] in ("HINT", "PROBLEM") and finding["check"] and finding["what"] and finding["mend"], finding
    assert link.ask("describe_device")[1]["diagnosis"] is None
    link.goodbye()


@holds("the answer is `Pong` with the same nonce")
def pings_are_answered(work):
    link = work.dial("INSPECTOR")
    link.say("ping", {"nonce": 77})
    while not link.pongs:
        link.ask("describe_device")
    link.goodbye()


@holds("`LinkProbeReply`, at once, with as many bytes as were asked for")
def probes_are_answered(work):
    coordinator = work.dial()
    for role in ("COORDINATOR", "INSPECTOR", "SHARDS", "CACHES"):
        link = work.dial(role, session=coordinator.session if role == "CACHES" else None)
        answer, fields = link.ask("link_probe", {"payload": b"x", "reply_bytes": 4321})
        if role in ("COORDINATOR", "INSPECTOR"):
            assert answer == "link_probe_reply" and len(fields["payload"]) == 4321, (role, answer)
        else:
            assert answer == "failure", (role, answer)
        link.goodbye()
    coordinator.goodbye()


@holds("A request that the link's role may not make is answered with `Failure`, `BAD_REQUEST`")
def requests_of_other_roles_fail(work):
    link = work.dial("INSPECTOR")
    assert link.fails("load_stage", work.request()) == "BAD_REQUEST"
    assert link.fails("unload_stages", {"epochs_through": 9}) == "BAD_REQUEST"
    link.goodbye()


# -- Shards


@holds("The holding of a shard that the worker does not have is `bytes_held` 0, not complete.", "one holding for each id, in the same order")
def holdings_are_told_in_order(work):
    link = work.dial()
    work.bring(link, "head")
    unknown = bytes(range(32))
    shards = link.ask("shard_inquiry", {"ids": [unknown, work.shards.ids["head"], unknown]})[1]["shards"]
    length = len(work.shards.parts["head"])
    assert [(s["id"], s["bytes_held"], s["complete"]) for s in shards] == [
        (unknown, 0, False), (work.shards.ids["head"], length, True), (unknown, 0, False)], shards
    link.goodbye()


@holds(
    "The worker answers each with `ShardPieceAccepted`, whose `bytes_held` is the length that it has now.",
    "One that was sent in part has the length of its whole beginning.",
    "it sends `ShardStored` after the last `ShardPieceAccepted`")
def a_shard_is_resumed(work):
    data = b"GGUF" + bytes(5000)
    id = hashlib.sha256(data).digest()
    link = work.dial()
    link.send(PIECE, piece(id, 0, len(data), data[:2000]))
    assert link.notice("shard_piece_accepted") == {"id": id, "bytes_held": 2000}
    link.close()
    link = work.dial()
    holding = link.ask("shard_inquiry", {"ids": [id]})[1]["shards"][0]
    assert (holding["bytes_held"], holding["complete"]) == (2000, False), holding
    link.send(PIECE, piece(id, 2000, len(data), data[2000:]))
    said = [link.next()[2:] for _ in range(2)]
    assert said == [("shard_piece_accepted", {"id": id, "bytes_held": len(data)}), ("shard_stored", {"id": id})], said
    link.goodbye()


@holds("is not stored: the answer is `Failure` with `BAD_REQUEST`, request 0 and the id as `shard`")
def a_gap_is_refused(work):
    id = bytes(32)
    link = work.dial()
    for offset, total, data in ((8, 100, b"x" * 8), (0, 4, b"x" * 4)):
        link.send(PIECE, piece(id, offset, total, data))
        if offset:
            failure = link.notice("failure")
            assert (failure["code"], failure["shard"]) == ("BAD_REQUEST", id), failure
    link.goodbye()


@holds("If not, it deletes what it has and sends `Failure` with `SHARD_CORRUPT`, request 0 and the id as `shard`.")
def wrong_bytes_are_deleted(work):
    id = bytes([9] * 32)
    link = work.dial()
    link.send(PIECE, piece(id, 0, 4, b"oops"))
    failure = link.notice("failure")
    assert (failure["code"], failure["shard"]) == ("SHARD_CORRUPT", id), failure
    assert link.ask("shard_inquiry", {"ids": [id]})[1]["shards"][0]["bytes_held"] == 0
    link.goodbye()


@holds("The other worker sends pieces of at most 1 MiB; `SHARD_MISSING` says that it does not hold the whole shard.")
def shards_are_passed_on(work):
    coordinator = work.dial()
    work.bring(coordinator, 1)
    link, id, data = work.dial("SHARDS"), work.shards.ids[1], work.shards.parts[1]
    link.say("shard_request", {"id": id, "offset": 100, "count": 5000}, 1)
    kind, _, _, content = link.next()
    assert (kind, content) == (PIECE, piece(id, 100, len(data), data[100:5100]))
    assert link.fails("shard_request", {"id": bytes(32), "offset": 0, "count": 1}) == "SHARD_MISSING"
    coordinator.goodbye()


@holds("`FetchShard` has a worker get a shard from the devices at these addresses, over links of role `SHARDS`")
def shards_are_fetched(work):
    data = b"GGUF" + bytes(3 << 20)
    id = hashlib.sha256(data).digest()
    source, link = Worker(), work.dial()
    source.shards[id] = data
    reply, content = link.ask("fetch_shard", {"id": id, "total_bytes": len(data), "addresses": [source.address]})
    assert (reply, content["id"]) == ("shard_stored", id), (reply, content)
    assert link.notice("shard_piece_accepted")["bytes_held"] > 0
    reply, content = link.ask("fetch_shard", {"id": bytes(32), "total_bytes": 9, "addresses": ["127.0.0.1:1", source.address]})
    assert (reply, content["code"], content["shard"]) == ("failure", "NEXT_UNREACHABLE", bytes(32)), content
    assert source.seen == ["SHARDS"] * 2 and not source.faults, (source.seen, source.faults)
    source.close()
    link.goodbye()


# -- Stages


@holds("All must be in the store: else `SHARD_MISSING`.")
def a_stage_needs_its_shards(work):
    link = work.dial()
    assert link.fails("load_stage", work.request() | {"shards": [bytes(32)]}) == "SHARD_MISSING"
    link.goodbye()


@holds("It must not be more than the layers' `ffn_{gate,up,down}_exps.weight` have (else `BAD_REQUEST`)")
def experts_on_disk_are_some_of_the_layers(work):
    link = work.dial()
    work.bring(link)
    assert link.fails("load_stage", work.request(expert_bytes_on_disk=1)) == "BAD_REQUEST"
    work.load(link, expert_bytes_on_disk=0)
    closes(work, frame(CONTROL, messages.envelope("load_stage", work.request(expert_bytes_on_disk=(1 << 50) + 1), 1)))


@holds("`UnloadStages` frees the stages of the link's session whose epoch is at most `epochs_through`; their sequences end.")
def stages_are_unloaded(work):
    link, loaded = work.loaded(epoch=4)
    assert loaded["epoch"] == 4 and loaded["weight_bytes"] > 0, loaded
    work.load(link, epoch=5)
    assert [(s["epoch"], s["range"]) for s in stages(work, link)] == [(4, ALL), (5, ALL)]
    assert link.ask("unload_stages", {"epochs_through": 4})[0] == "stages_unloaded"
    assert [s["epoch"] for s in stages(work, link)] == [5]
    link.goodbye()


@holds("When the coordinator says `Goodbye`, the worker frees the session's stages.", "keeps the stages with their caches for 10 minutes")
def a_lost_coordinator_finds_its_stages(work):
    link, _ = work.loaded()
    session = link.session
    feed(link, TEXT[:4])
    link.close()
    link = work.dial(session=session)
    assert [(s["epoch"], s["sequences"]) for s in stages(work, link)] == [(1, 1)]
    work.load(link, epoch=2, caches=[{"epoch": 1, "stage": 0}], sequences=[{"sequence": 1, "positions": 4}])
    near(feed(link, TEXT[4:6], 4, opens=False, epoch=2).values(), work.logits[4:6])
    link.goodbye()
    # A link is seen to end a moment before the worker has done what comes of it.
    deadline = time.monotonic() + PATIENCE
    while left := stages_of_next_link(work, session):
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


@holds("A second link of role `COORDINATOR` with the session of another takes its place: the first gets `Goodbye`.")
def the_newer_link_of_a_session_wins(work):
    link, _ = work.loaded()
    other = work.dial(session=link.session)
    assert isinstance(link.until_closed(), Ended)
    work.load(other, epoch=2)
    near(feed(other, TEXT[:2], epoch=2).values(), work.logits[:2])
    other.goodbye()


@holds("Several coordinators may hold stages at once.")
def sessions_do_not_see_each_other(work):
    links = [work.loaded()[0] for _ in range(2)]
    for link in links:
        near(feed(link, TEXT[:2]).values(), work.logits[:2])
        assert len(stages(work, link)) == 1
    for link in links:
        link.goodbye()


# -- Steps


@holds(
    "The stage index of the frame that goes back to the coordinator is one more than that of the stage that sent it.",
    "width is the vocabulary's size, codec f32, row `i` holds the logits of the `i`-th wanted row",
    "it only computes x + attention(norm(x)), then x + network(norm(x))")
def logits_are_the_models(work):
    link, _ = work.loaded()
    entries = [Entry(1), rows(1, 0, 6), Entry(2), rows(2, 0, 3, output=1), Entry(3), rows(3, 0, 2, output=0)]
    back = link.run(tokens(entries, TEXT[:6] + TEXT[:3] + TEXT[:2], number=1 << 40))
    assert (back.epoch, back.stage, back.step, back.entries, back.pruned) == (1, 1, 1 << 40, entries, True), vars(back)
    assert (back.codec, back.width, back.rows) == (F32, llama.VOCABULARY, 7), vars(back)
    near(back.values(), work.logits[:6] + [work.logits[2]])
    near(feed(link, TEXT[6:], 6, opens=False, number=2).values(), work.logits[6:])
    link.goodbye()


@holds("`fork`, at most as many positions as the other has; `trim`, at most the present length.", "`close` of a sequence that is not open is no error.")
def sequences_are_forked_trimmed_and_closed(work):
    link, _ = work.loaded()
    feed(link, TEXT[:6])
    back = link.run(tokens([Entry(2, 1, 4, FORK), rows(2, 4, 2), Entry(1, 3, 0, TRIM), rows(1, 3, 1), Entry(9, 0, 0, CLOSE)], TEXT[4:6] + TEXT[3:4], number=2))
    near(back.values(), work.logits[4:6] + work.logits[3:4])
    back = link.run(tokens([Entry(1, 0, 0, CLOSE), Entry(1), rows(1, 0, 1)], TEXT[:1], number=3))
    near(back.values(), work.logits[:1])
    for entry, code in ((Entry(3, 2, 7, FORK), "POSITION_MISMATCH"), (Entry(2, 9, 0, TRIM), "POSITION_MISMATCH")):
        failed = link.run(tokens([entry], [], number=4))
        assert failed["code"] == code, failed
    link.goodbye()


@holds("A step without rows is sent on too: every stage must see every command.")
def a_step_without_rows_comes_back(work):
    link, _ = work.loaded()
    back = link.run(tokens([Entry(1)], []))
    assert (back.rows, back.data, back.entries, back.stage) == (0, b"", [Entry(1)], 1), vars(back)
    link.goodbye()


@holds("It drops a step of another epoch than its own, or of a session that is not its own, silently.", "code `STAGE_MISSING`")
def steps_of_other_epochs_are_dropped(work):
    link, _ = work.loaded(epoch=3)
    link.send(STEP, tokens([Entry(1)], [], epoch=2).encode())
    link.send(STEP, tokens([Entry(1)], [], epoch=4).encode())
    failed = link.run(tokens([Entry(1)], [], epoch=3, stage=6, number=5))
    assert (failed["code"], failed["epoch"], failed["step"], failed["stage"]) == ("STAGE_MISSING", 3, 5, 6), failed
    near(feed(link, TEXT[:1], epoch=3).values(), work.logits[:1])
    link.goodbye()


@holds(
    "A rows entry must begin at the sequence's present length (`POSITION_MISMATCH`) and fit into the context (`CONTEXT_FULL`).",
    "`BUSY`: `open` or `fork` without a free slot", "It obeys what comes after.")
def impossible_steps_fail(work):
    link, _ = work.loaded()
    feed(link, TEXT[:3])
    cases = [
        ([rows(1, 2, 1)], [1], "POSITION_MISMATCH"), ([rows(1, 4, 1)], [1], "POSITION_MISMATCH"),
        ([rows(1, 3, 126)], [1] * 126, "CONTEXT_FULL"), ([rows(8, 0, 1)], [1], "SEQUENCE_MISSING"),
        ([Entry(8, 4, 0, TRIM)], [], "SEQUENCE_MISSING"), ([Entry(8, 9, 1, FORK)], [], "SEQUENCE_MISSING"),
        ([rows(1, 3, 1)], [llama.VOCABULARY], "BAD_REQUEST"), ([Entry(1)], [], "BAD_REQUEST"),
        ([Entry(4), Entry(5), Entry(6)], [], "BUSY"),
    ]
    for number, (entries, ids, code) in enumerate(cases, 2):
        failed = link.run(tokens(entries, ids, number=number))
        assert isinstance(failed, dict) and (failed["code"], failed["step"]) == (code, number), (entries, failed)
    near(feed(link, TEXT[3:4], 3, opens=False, number=99).values(), work.logits[3:4])
    link.goodbye()


@holds("rows in this frame; must agree with the table", "a receiver that sees a \"must\" broken closes the connection")
def malformed_steps_close(work):
    good = tokens([Entry(1), rows(1, 0, 2)], [1, 2])
    wrong = [good.encode()[:-1], good.encode() + b"\0" * 4, good.encode()[:31]]
    for entries in ([Entry(1, 0, 0, 6)], [Entry(1, 1)], [Entry(1, 1, 1, FORK)], [rows(1, 0, 0)], [rows(1, (1 << 28) - 1, 2)], [rows(1, 0, 2, output=3)]):
        wrong.append(tokens(entries, [1, 2] if entries[0].kind == ROWS and entries[0].count else []).encode())
    wrong.append(tokens([rows(1, 0, 2, output=1)], [1, 2], replay=True).encode())
    for payload in wrong:
        closes(work, frame(STEP, payload))


@holds("Rows may begin before the sequence's present length: the stage computes them again, which gives the same bits")
def a_replay_fills_again(work):
    link, _ = work.loaded()
    feed(link, TEXT[:6])
    for entries, ids in (([rows(1, 0, 4, 0)], TEXT[:4]), ([rows(1, 4, 4, 0)], TEXT[4:8])):
        back = link.run(tokens(entries, ids, number=2, replay=True))
        assert (back.rows, back.pruned, back.replay, back.entries) == (0, True, True, entries), vars(back)
    near(feed(link, TEXT[8:], 8, opens=False, number=3).values(), work.logits[8:])
    failed = link.run(tokens([rows(1, 90, 1, 0)], [1], number=4, replay=True))
    assert failed["code"] == "POSITION_MISMATCH", failed
    link.goodbye()


# -- From stage to stage


def upstream_rows(model, stop, ids):
    """What leaves the layers before `stop` of a new sequence."""
    sequence, out = llama.Sequence(range(stop)), []
    for position, token in enumerate(ids):
        row = model.embed(token)
        for layer in range(stop):
            row = model.layer(layer, row, sequence, position)
        out.append(row)
    return out


@holds(
    "drops the rows that are not wanted and sets the **pruned** flag", "same epoch, step and **same table**, stage + 1, its own codec",
    "The worker opens an upstream link there, with the session of that link, before it answers")
def steps_go_on_to_the_next_worker(work):
    for codec, name, within in ((F32, "F32", 1e-3), (F16, "F16", 1e-2), (Q8, "Q8", 0.1)):
        onward, link = Worker(), work.dial()
        onward.coordinators[link.session] = link
        got = []
        onward.step = lambda session, step: got.append(step)
        work.bring(link)
        part = dict(embedding=True, first_layer=0, last_layer=2, head=False)
        work.load(link, part=part, parts=("embedding", 0, 1), next_worker={"address": onward.address, "stage": 1}, activation_codec=name)
        work.load(link, stage=5, part=dict(ALL, embedding=False, first_layer=2), parts=(2, "head"))
        link.send(STEP, tokens([Entry(1), rows(1, 0, 5, output=1)], TEXT[:5]).encode())
        while not got:
            link.ask("describe_device")
        step = got[0]
        assert (step.stage, step.codec, step.width, step.rows, step.pruned) == (1, codec, llama.WIDTH, 5, False), vars(step)
        assert step.entries == [Entry(1), rows(1, 0, 5, output=1)]
        near(step.values(), upstream_rows(work.model, 2, TEXT[:5]), within)
        # And on with it, to the last layer and the head, as the coordinator's link may bring it too.
        step.stage = 5
        back = link.run(step)
        assert (back.stage, back.rows, back.pruned) == (6, 1, True), vars(back)
        near(back.values(), [work.logits[4]], max(within, 1e-3) * 5)
        assert onward.seen == ["UPSTREAM"] and not onward.faults, (onward.seen, onward.faults)
        onward.close()
        assert link.notice("peer_lost")["epoch"] == 1
        link.goodbye()


@holds("if it cannot, the answer is `NEXT_UNREACHABLE`", "`PeerLost` tells that the stage's link to the next one broke")
def an_unreachable_next_worker_is_told(work):
    link = work.dial()
    work.bring(link)
    request = work.request(part=dict(ALL, head=False), parts=("embedding", 0, 1, 2), next_worker={"address": "127.0.0.1:1", "stage": 1})
    assert link.fails("load_stage", request) == "NEXT_UNREACHABLE"
    link.goodbye()


@holds("A stage with only the head takes a pruned frame and sends a pruned frame")
def a_head_takes_pruned_rows(work):
    link = work.dial()
    work.bring(link)
    work.load(link, part=dict(embedding=False, first_layer=3, last_layer=3, head=True), parts=("head",))
    out = upstream_rows(work.model, 3, TEXT[:4])
    entries = [Entry(1), rows(1, 0, 3, output=1), rows(1, 3, 1), Entry(1, 2, 0, TRIM), Entry(2, 1, 4, FORK)]
    data = encode(F32, [out[2], out[3]])
    back = link.run(Step(1, 0, 1, entries, F32, llama.WIDTH, data, 2, pruned=True))
    assert (back.rows, back.pruned) == (2, True), vars(back)
    near(back.values(), [work.logits[2], work.logits[3]])
    link.goodbye()


# -- Caches


def cache_page(model, ids, layer, page):
    """A page in f32 as the document says: of each head the keys element by element, then the values position by position."""
    sequence = llama.Sequence(range(model.layers))
    for position, token in enumerate(ids):
        row = model.embed(token)
        for number in range(layer + 1):
            row = model.layer(number, row, sequence, position)
    kept, out = sequence.cache[layer][64 * page : 64 * page + 64], []
    for head in range(model.key_value_heads):
        at = range(head * model.key_size, (head + 1) * model.key_size)
        out += [kept[p][0][i] if p < len(kept) else 0.0 for i in at for p in range(64)]
        out += [kept[p][1][i] if p < len(kept) else 0.0 for p in range(64) for i in at]
    return out


LONG = [(7 * index + index // 5) % llama.VOCABULARY for index in range(70)]


@holds(
    "the answer is one cache piece for each page and layer, pages in order and the layers of each in order",
    "keys element by element, each with its 64 positions", "the inventory names a sequence after the one that it shares its beginning with")
def caches_are_told_and_given(work):
    link, _ = work.loaded()
    feed(link, LONG, output=0)
    link.run(tokens([Entry(2, 1, 66, FORK), Entry(2, 65, 0, TRIM)], [], number=2))
    caches = work.dial("CACHES", link.session)
    assert [(s["epoch"], s["stage"], s["range"]) for s in stages(work, caches)] == [(1, 0, ALL)]
    kept = caches.ask("cache_inquiry", {"epoch": 1, "stage": 0})[1]["sequences"]
    assert [(s["sequence"], s["positions"], s["trims"], s["shared_positions"], s["shared_with"]) for s in kept] == [
        (1, 70, 0, 0, 0), (2, 65, 1, 64, 1)], kept
    wanted = {"epoch": 1, "stage": 0, "sequence": 1, "first_layer": 1, "last_layer": 3, "first_page": 0, "last_page": 2}
    caches.say("cache_request", wanted, 9)
    for page in (0, 1):
        for layer in (1, 2):
            kind, _, _, content = caches.next()
            assert (kind, struct.unpack_from("<6I", content)) == (CACHE, (1, 0, 1, layer, page, 0))
            near([list(struct.unpack(f"<{(len(content) - 24) // 4}f", content[24:]))], [cache_page(work.model, LONG, layer, page)])
    for wrong, code in (({"stage": 7}, "STAGE_MISSING"), ({"sequence": 7}, "SEQUENCE_MISSING"), ({"last_page": 3}, "POSITION_MISMATCH")):
        assert caches.fails("cache_request", wanted | wrong) == code, wrong
    caches.goodbye()
    link.goodbye()


@holds("The new stage begins with exactly these sequences open.", "Nothing of a source that was trimmed another number of times is taken.")
def caches_are_taken_over(work):
    link, _ = work.loaded()
    feed(link, LONG, output=0)
    feed(link, LONG[:9], sequence=2, number=2, output=0)
    feed(link, LONG[:9], sequence=3, number=3, output=0)
    kept = [{"sequence": 1, "positions": 68}, {"sequence": 2, "positions": 9, "trims": 1}, {"sequence": 7, "positions": 5}]
    loaded = work.load(link, epoch=2, caches=[{"epoch": 1, "stage": 0}], sequences=kept)
    assert [(s["sequence"], s["positions"]) for s in loaded["sequences"]] == [(1, 68), (2, 0), (7, 0)], loaded
    assert [s["epoch"] for s in stages(work, link)] == [2]
    expected = llama.logits(work.model, LONG)
    near(feed(link, LONG[68:], 68, opens=False, number=1, epoch=2).values(), expected[68:])
    failed = link.run(tokens([rows(3, 9, 1)], [1], epoch=2, number=2))
    assert failed["code"] == "SEQUENCE_MISSING", failed
    link.goodbye()


@holds("Caches from another worker come over a link of role `CACHES`, which the new stage's worker opens with the session in its hello.")
def caches_come_from_another_worker(work):
    source, link = Worker(), work.dial()
    session, epoch = link.session, 3

    def cache_inquiry(link, _, inquiry):
        assert (inquiry["epoch"], inquiry["stage"]) == (epoch, 4)
        return "cache_inventory", {"sequences": [{"sequence": 1, "positions": 70}]}

    def cache_request(link, _, part):
        for page in range(part["first_page"], part["last_page"]):
            for layer in range(part["first_layer"], part["last_layer"]):
                data = cache_page(work.model, LONG, layer, page)
                link.send(CACHE, struct.pack(f"<6I{len(data)}f", epoch, 4, 1, layer, page, 0, *data))

    source.cache_inquiry, source.cache_request = cache_inquiry, cache_request
    source.describe_device = lambda link, _, __: ("device_report", {
        "name": "source", "software_version": "1", "instruction_set": "python", "architecture": "ARM64", "cores": 1, "threads": 1,
        "stages": [{"session": session, "epoch": epoch, "stage": 4, "model_name": "m", "range": ALL}]})
    work.bring(link)
    loaded = work.load(link, epoch=9, caches=[{"epoch": epoch, "stage": 4, "address": source.address}], sequences=[{"sequence": 1, "positions": 68}])
    positions = loaded["sequences"][0]["positions"]
    assert positions in (64, 68) and source.seen == ["CACHES"] and not source.faults, (loaded, source.seen, source.faults)
    near(feed(link, LONG[positions:], positions, opens=False, epoch=9).values(), llama.logits(work.model, LONG)[positions:])
    source.close()
    link.goodbye()
