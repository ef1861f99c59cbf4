"""What is measured: each scenario starts its clusters, measures both sides in turns, and gives figures by name."""

from contextlib import ExitStack
from statistics import median

from comparison.llamacpp import LlamaCpp

from . import Failure, load, say
from .cluster import Cluster, Device
from .load import Stream
from .peers import distributed_llama, llamacpp_rpc, plain_hop

GIB = 1 << 30


def ends_on_workers(count):
    """The coordinator only schedules: the embedding sits on the first worker and the head on the last."""
    return ["--pin", "embedding=w1", "--pin", f"head=w{count}"]


class Lab:
    """What all scenarios share: the program, the models, how long to measure."""

    def __init__(self, options):
        self.options = options

    def cluster(self, devices, network=None, **settings):
        options = self.options
        return Cluster(
            options.shoal, devices, network=network or options.network, folder=options.folder, rate_mbit=options.rate,
            delay_us=options.delay, mtu=options.mtu, **settings)

    def streams(self, count, prompt, tokens, seed=0):
        return [Stream(load.prompt_tokens(prompt, seed + i), tokens) for i in range(count)]


def measure_streams(lab, cluster, count, prompt, tokens):
    """All streams at once, after one to warm up: tokens per second while all decode, and of the prompts."""
    load.run(cluster, lab.streams(1, 32, 8, seed=900))
    streams = lab.streams(count, prompt, tokens, seed=7)
    load.run(cluster, streams)
    first = max(s.seconds_to_first for s in streams)
    return {
        "decode_tokens_per_second": load.decode_rate(streams), "prompt_tokens_per_second": count * prompt / first,
        "seconds_to_first_token": median(s.seconds_to_first for s in streams),
    }


def alone(lab, count, prompt, tokens):
    """The same streams on one process with one thread, without a network."""
    with lab.cluster([], network="loopback") as cluster:
        cluster.serve(
            lab.options.model, "--threads", 1, "--context", "2048", "--slots", str(count))
        return measure_streams(lab, cluster, count, prompt, tokens)


def over_workers(lab, devices, count, prompt, tokens, network, flags):
    with lab.cluster(devices, network=network) as cluster:
        cluster.serve(lab.options.model, "--context", "2048", "--slots", str(count), "--threads", "1", "--objective", "throughput", *flags)
        figures = measure_streams(lab, cluster, count, prompt, tokens)
        figures["stages"] = [
            f"{s['device']} {s['first_layer']}..<{s['last_layer']}" for s in cluster.get("/api/cluster")[1]["stages"]]
        if count == 1:
            figures["hop_microseconds"] = hop_microseconds(lab, cluster)
        figures["cluster"] = cluster.get("/api/cluster")[1]
        return figures


def hop_microseconds(lab, cluster):
    """What is left of a step's round trip when computing is taken away, for each link that it passes, while one stream decodes: the median of
    several looks a third of a second apart. Threads woken and bytes moved, also within the coordinator."""
    stream = lab.streams(1, 16, 200, seed=5)
    thread = load.start(cluster, *stream)
    looks = []
    while thread.is_alive():
        body = cluster.get("/api/cluster")[1]
        computing = sum(s["work"]["compute_nanoseconds"] for s in body["stages"])
        looks.append((body["speed"]["steps"], body["speed"]["round_trip_nanoseconds"] - computing))
        thread.join(0.33)
    hops = sum(s["device"] != "coordinator" for s in body["stages"]) + 1
    spans = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(looks[1:], looks[2:])]
    return median(rest / steps / hops / 1000 for steps, rest in spans if steps > 3)


def side_by_side(lab, count, prompt, tokens, parts=2, device=None):
    """Processes of one thread that have nothing to do with each other, each with its part of the streams: what the cores of this machine, which
    share one memory, can reach at all when the weights are read for so many streams at a time. With a device each is a worker held to it,
    with a coordinator of its own."""
    with ExitStack() as stack:
        clusters = [stack.enter_context(lab.cluster([device] if device else [], network="loopback")) for _ in range(parts)]
        for cluster in clusters:
            flags = ends_on_workers(1) if device else []
            cluster.serve(lab.options.model, "--threads", 1, "--context", "2048", "--slots", str(count // parts), *flags)
            load.run(cluster, lab.streams(1, 32, 8, seed=900))
        shares = [lab.streams(count // parts, prompt, tokens, seed=7 + 63 * part) for part in range(parts)]
        threads = [load.start(cluster, *share) for cluster, share in zip(clusters, shares)]
        for thread in threads:
            thread.join()
        everything = [stream for share in shares for stream in share]
        for stream in everything:
            if stream.error:
                raise Failure(f"a stream failed: {stream.error}")
        return load.decode_rate(everything)


def in_turns(turns, ours, theirs):
    """Both sides in turns; the median of the ratios of decoding, and all figures."""
    pairs = []
    for turn in range(turns):
        pair = {"cluster": ours(), "alone": theirs()}
        pair["ratio"] = pair["cluster"]["decode_tokens_per_second"] / pair["alone"]["decode_tokens_per_second"]
        pair["prompt_ratio"] = pair["cluster"]["prompt_tokens_per_second"] / pair["alone"]["prompt_tokens_per_second"]
        say(
            f"  turn {turn + 1}: decode {pair['cluster']['decode_tokens_per_second']:.2f} beside {pair['alone']['decode_tokens_per_second']:.2f} tokens/s"
            f" ({pair['ratio']:.3f}), prompts {pair['cluster']['prompt_tokens_per_second']:.1f} beside {pair['alone']['prompt_tokens_per_second']:.1f}"
            f" ({pair['prompt_ratio']:.2f})")
        pairs.append(pair)
    return {"ratio": median(p["ratio"] for p in pairs), "prompt_ratio": median(p["prompt_ratio"] for p in pairs), "turns": pairs}


def overhead(lab):
    """One stream over two one-thread workers beside one thread in one process; embedding and head with the coordinator, as by default."""
    result = {}
    for network in ("loopback", "lan") if lab.options.network == "lan" else ("loopback",):
        say(f"overhead, {network}: one stream over two one-thread workers, and in one process")
        result[network] = in_turns(
            lab.options.turns, lambda: over_workers(lab, [Device(), Device()], 1, 512, 64, network, []), lambda: alone(lab, 1, 512, 64))
    hop = median(turn["cluster"]["hop_microseconds"] for turn in result["loopback"]["turns"])
    plain = result["loopback"]["plain_hop_microseconds"] = plain_hop(lab.options.turns)
    say(f"  a hop on loopback: {hop:.0f} us; one of a program that does nothing else: {plain:.0f} us")
    return result


def streams(lab):
    """Many streams: two one-thread stages beside one one-thread process; four stages of half a core beside one such device."""
    result = {}
    for count in (16, 8):
        say(f"{count} streams over two one-thread stages, and in one process with one thread")
        result[f"{count} streams, 2 stages"] = in_turns(
            lab.options.turns, lambda: over_workers(lab, [Device(), Device()], count, 16, 128, "loopback", ends_on_workers(2)),
            lambda: alone(lab, count, 16, 128))
        bound = result[f"{count} streams, 2 processes side by side"] = side_by_side(lab, count, 16, 128)
        say(f"  two processes that share nothing but the memory, half of the streams each: {bound:.2f} tokens/s")
    say("32 streams over four stages of half a core, and on one such device")
    half = Device(cores=0.5)
    result["32 streams, 4 stages of half a core"] = in_turns(
        lab.options.turns, lambda: over_workers(lab, [half] * 4, 32, 16, 96, "loopback", ends_on_workers(4)),
        lambda: over_workers(lab, [half], 32, 16, 96, "loopback", ends_on_workers(1)))
    bound = result["32 streams, 4 devices side by side"] = side_by_side(lab, 32, 16, 96, 4, half)
    say(f"  four such devices that share nothing but the machine, a quarter of the streams each: {bound:.2f} tokens/s")
    return result


def long_prompt(lab):
    """A prompt of 4,000 tokens while four streams decode: their gaps before, and while it is computed."""
    say("a prompt of 4,000 tokens while four streams decode, over two one-thread workers")
    with lab.cluster([Device(), Device()], network="loopback") as cluster:
        cluster.serve(lab.options.model, "--context", "4608", "--slots", "5", *ends_on_workers(2))
        load.run(cluster, lab.streams(1, 32, 8, seed=900))
        decoding = lab.streams(4, 64, lab.options.long_tokens, seed=3)
        thread = load.start(cluster, *decoding)
        while not all(s.events > 20 for s in decoding):
            if not thread.is_alive():
                raise Failure(next((s.error for s in decoding if s.error), "the streams ended early"))
            thread.join(0.02)
        late = Stream(load.prompt_tokens(4000, 77), 4)
        load.start(cluster, late).join()
        thread.join()
        for stream in [*decoding, late]:
            if stream.error:
                raise Failure(stream.error)
    end = late.times[0]
    if any(s.times[-1] < end for s in decoding):
        raise Failure("a stream ended before the long prompt was computed: give a larger --long-tokens")
    inside = [gap for s in decoding for gap, at in zip(s.gaps, s.times[1:]) if late.began <= at <= end]
    outside = [gap for s in decoding for gap, at in zip(s.gaps, s.times[1:]) if not late.began <= at <= end]
    everything = inside + outside
    figures = {
        "prompt_seconds": late.seconds_to_first, "median_gap": median(everything), "median_gap_during_prompt": median(inside),
        "worst_gap": max(everything), "worst_over_median": max(everything) / median(everything),
        "worst_over_median_during_prompt": max(inside) / median(inside),
    }
    say("  " + ", ".join(f"{key} {value:.4f}" for key, value in figures.items()))
    return figures


def thirteen(lab):
    """A big model over four small devices on gigabit: placed, answering, within its limits; a second start; refused on two."""
    model = lab.options.big_model
    memory = int(lab.options.device_memory * GIB)
    say(f"{model.name} over four devices capped at {lab.options.device_memory:g} GiB")
    flags = ["--context", "2048", "--slots", "2", "--threads", "1"]
    with lab.cluster([Device(threads=1, memory_bytes=memory) for _ in range(4)]) as cluster:
        result = {"first_start_seconds": cluster.serve(model, *flags, *ends_on_workers(4))}
        stages = cluster.get("/api/cluster")[1]["stages"]
        result["stages"] = [
            {key: s[key] for key in ("device", "first_layer", "last_layer", "weight_bytes", "headroom_bytes")} for s in stages]
        result["sent_by_coordinator"] = (cluster.network.traffic(4) or {}).get("sent")
        result["weight_bytes"] = sum(s["weight_bytes"] for s in stages)
        answer = lab.streams(1, 64, 16)
        load.run(cluster, answer)
        result["decode_tokens_per_second"] = load.decode_rate(answer)
        result["workers"] = {
            f"w{i + 1}": {**cluster.resident(f"w{i + 1}"), "group_most": cluster.limits[i].most_memory(), "killed": cluster.limits[i].killed()}
            for i in range(4)}
        before = cluster.network.traffic(4) or {"sent": 0}
        cluster.stop("serve")
        for i in range(4):
            cluster.stop(f"w{i + 1}")
            cluster.start_worker(i)
        for i in range(4):
            cluster.wait_for_text(f"w{i + 1}", "listens on(.|\n)*listens on")
        result["second_start_seconds"] = cluster.serve(model, *flags, *ends_on_workers(4), name="serve-again")
        result["sent_at_second_start"] = (cluster.network.traffic(4) or {"sent": 0})["sent"] - before["sent"]
        again = lab.streams(1, 64, 16)
        load.run(cluster, again)
        result["same_answer"] = answer[0].text == again[0].text
        cluster.stop("serve-again")
        refused = cluster.run(
            "plan", model, "--insecure", "--cluster", cluster.declaration(2), "--context", "2048", "--slots", "2", *ends_on_workers(2), check=False)
        result["refused_on_two"] = {"status": refused.returncode, "reason": refused.stderr.strip()}
        if refused.returncode == 0 or "bytes" not in refused.stderr:
            raise Failure(f"two devices should not be enough: {refused.stderr.strip()}")
    return result


def equality(lab):
    """The logits of one text over splits of the layers, beside those of one process: equal to the last bit."""
    say("logits over splits of the layers, beside one process")
    result = {}
    with lab.cluster([Device(), Device(), Device()]) as cluster:
        tokens = cluster.folder / "tokens.json"
        tokens.write_text(str(load.prompt_tokens(200, 5)))

        def logits(name, *flags):
            cluster.run("logits", lab.options.model, "--tokens", tokens, "--output", cluster.folder / name, *flags)
            return (cluster.folder / name).read_bytes()

        reference = logits("alone.f32")
        for count in (1, 2, 3):
            workers = [flag for i in range(count) for flag in ("--worker", cluster.network.endpoint(i))]
            for chunk in ([], ["--chunk", "7"]):
                name = f"{count} workers{', chunks of 7' if chunk else ''}"
                result[name] = logits("split.f32", "--insecure", "--objective", "throughput", *workers, *chunk) == reference
                say(f"  {name}: {'equal' if result[name] else 'DIFFERENT'}")
    return result


def prediction(lab):
    """What the plan predicts beside what is measured, for 1, 2 and 4 devices of unequal processor shares; the plan beside equal parts."""
    result = {}
    layers = 22
    for shares in ([1.0], [1.0, 0.5], [1.0, 0.5, 0.25, 0.25]):
        devices = [Device(cores=share) for share in shares]
        count = len(devices)
        equal = [
            flag for i in range(count) for flag in ("--pin", f"{layers * i // count}-{layers * (i + 1) // count - 1}=w{i + 1}")]
        for name, flags in (("planned", []), *([("equal parts", equal)] if count > 1 else [])):
            with lab.cluster(devices, network="loopback") as cluster:
                cluster.serve(
                    lab.options.model, "--context", "2048", "--slots", "4", "--threads", "1", "--objective", "throughput", *ends_on_workers(count),
                    *flags)
                one = measure_streams(lab, cluster, 1, 64, 64)["decode_tokens_per_second"]
                four = measure_streams(lab, cluster, 4, 64, 96)["decode_tokens_per_second"]
                body = cluster.get("/api/cluster")[1]
            predicted = body["speed"]["prediction"]
            row = {
                "stages": [f"{s['device']} {s['first_layer']}..<{s['last_layer']}" for s in body["stages"]],
                "one_stream": one, "predicted_one_stream": predicted["one_stream_tokens_per_second"],
                "one_stream_ratio": one / predicted["one_stream_tokens_per_second"], "four_streams": four,
                "predicted_four_streams": predicted["all_streams_tokens_per_second"], "four_streams_ratio": four / predicted["all_streams_tokens_per_second"]}
            result[f"shares {shares}, {name}"] = row
            say(
                f"  shares {shares}, {name} ({', '.join(row['stages'])}): one stream {one:.2f}, predicted {predicted['one_stream_tokens_per_second']:.2f}"
                f" ({row['one_stream_ratio']:.2f}); four {four:.2f}, predicted {predicted['all_streams_tokens_per_second']:.2f} ({row['four_streams_ratio']:.2f})")
    return result


def peers(lab):
    """One stream over the same two one-thread nodes: Shoal, llama.cpp's RPC mode and, where it is given, distributed-llama."""
    prompt, generated = 512, 64
    llamacpp, dllama = LlamaCpp(lab.options.llamacpp).prepare_rpc(), lab.options.dllama
    others = {"llamacpp": lambda network: llamacpp_rpc(lab, llamacpp, network, prompt, generated)}
    if dllama:
        others["distributedllama"] = lambda network: distributed_llama(lab, dllama, network, prompt, generated)
    else:
        say("distributed-llama is left out: --dllama FOLDER tells where it is built")
    result = {}
    for network in ("loopback", "lan") if lab.options.network == "lan" else ("loopback",):
        say(f"one stream over two one-thread nodes, {network}: Shoal beside {', '.join(others)}")
        turns = []
        for turn in range(lab.options.turns):
            ours = over_workers(lab, [Device(), Device()], 1, prompt, generated, network, [])
            decode, whole = ours["decode_tokens_per_second"], ours["prompt_tokens_per_second"]
            say(f"  turn {turn + 1}: decode {decode:.2f} tokens/s, prompt {whole:.1f}")
            turns.append({"shoal": ours})
            for name, measure in others.items():
                theirs = turns[-1][name] = measure(network)
                theirs["decode_ratio"] = decode / theirs["decode_tokens_per_second"]
                theirs["prompt_ratio"] = whole / theirs["prompt_tokens_per_second"]
                say(
                    f"    beside {name}: {theirs['decode_tokens_per_second']:.2f} ({theirs['decode_ratio']:.2f}),"
                    f" {theirs['prompt_tokens_per_second']:.1f} ({theirs['prompt_ratio']:.2f})")
        result[network] = {
            name: {key: median(sides[name][key] for sides in turns) for key in turns[0][name] if key.endswith(("_ratio", "_per_second"))}
            for name in turns[0]} | {"turns": turns}
    return result


SCENARIOS = {"overhead": overhead, "streams": streams, "long-prompt": long_prompt, "13b": thirteen, "prediction": prediction, "equality": equality, "peers": peers}
