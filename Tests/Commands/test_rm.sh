# `rm` frees the devices' disks of a model that is not served, and its file where that is in the models folder; the next `place` sends again.
start_workers 2
mkdir -p "$work/data/models"
cp "$model" "$work/data/models/mine.gguf"
port=$(free_ports 1)
url=http://127.0.0.1:$port
start serve "$shoal" serve --listen "127.0.0.1:$port" --insecure --data-dir "$work/data" "${worker_flags[@]}"
wait_for_port "$port"
held() { cat "$work"/worker-*/shards/*.gguf "$work"/worker-*/shards/*.packed 2>/dev/null | wc -c; }

expect_exit 1 "$shoal" rm mine --yes --server "$url"
expect_text "$work/err" 'no model named mine'
expect_exit 0 "$shoal" place "$work/data/models/mine.gguf" --server "$url" --json
[ "$(held)" -gt 1000000 ] || die "the workers hold nothing"
# Served: refused. Nobody to ask: refused.
expect_exit 1 "$shoal" rm mine --yes --server "$url"
expect_text "$work/err" 'being served' 'unload'
expect_exit 1 "$shoal" rm mine --unload --server "$url"
expect_text "$work/err" 'yes'
[ -f "$work/data/models/mine.gguf" ] || die "the file is gone"

expect_exit 0 "$shoal" rm mine --unload --yes --keep-file --server "$url" --json
python3 - "$work/out" <<'PYTHON'
import json, sys

removed = json.load(open(sys.argv[1]))
assert len(removed["devices"]) == 2, removed
assert all(device["bytes"] > 1 << 20 and "reason" not in device for device in removed["devices"]), removed
assert removed["file"]["removed"] is False and removed["file"]["reason"], removed
PYTHON
[ "$(held)" = 0 ] || die "the workers still hold $(held) bytes"
[ -f "$work/data/models/mine.gguf" ] || die "the file is gone"
expect_exit 0 "$shoal" place "$work/data/models/mine.gguf" --server "$url" --json
python3 - "$work/out" <<'PYTHON'
import json, sys

assert json.load(open(sys.argv[1]))["sent_bytes"] > 1 << 20
PYTHON

expect_exit 0 "$shoal" rm mine --unload --yes --server "$url"
expect_text "$work/out" '^device +freed' 'removed .*/models/mine.gguf'
[ ! -e "$work/data/models/mine.gguf" ] || die "the file is still there"
[ "$(held)" = 0 ] || die "the workers still hold $(held) bytes"

# A file that is elsewhere stays, and that is said; on a terminal it is asked first.
cp "$model" "$work/elsewhere.gguf"
expect_exit 0 "$shoal" place "$work/elsewhere.gguf" --server "$url" --json
expect_exit 0 "$shoal" unload --server "$url"
python3 - "$shoal" "$url" "$work" <<'PYTHON'
import os, pty, sys

shoal, url, work = sys.argv[1:]


def rm(answer):
    """Runs it on a terminal; returns its exit status and what it printed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(shoal, [shoal, "rm", "elsewhere", "--server", url])
    text = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        text += piece
        if b"[y/N]" in text and answer:
            os.write(terminal, answer)
            answer = b""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode()


status, text = rm(b"n\n")
assert status == 1 and "nothing was removed" in text and "stays" in text, (status, text)
status, text = rm(b"y\n")
assert status == 0 and "freed" in text and "not in the models' folder" in text, (status, text)
assert os.path.exists(work + "/elsewhere.gguf")
PYTHON
[ "$(held)" = 0 ] || die "the workers still hold $(held) bytes"
expect_exit 0 "$shoal" events --server "$url"
expect_text "$work/out" 'mine was removed from disks; freed'
