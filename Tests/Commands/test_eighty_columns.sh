# Tables fit the terminal, numbers stay whole; in a pipe they are as wide as they need, on one line a row.
cat >"$work/wide.py" <<'PYTHON'
"""usage: wide.py COLUMNS COMMAND...: what it writes to a terminal of so many columns."""
import fcntl, os, pty, struct, sys, termios

child, terminal = pty.fork()
if child == 0:
    # The window has its size before the command looks.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
text = b""
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    text += data
os.waitpid(child, 0)
sys.stdout.write(text.decode().replace("\r\n", "\n"))
PYTHON
cat >"$work/cluster.yaml" <<'YAML'
devices:
  - {name: raspberry-pi-in-the-kitchen-1, address: "10.0.0.1", memory: 90MiB}
  - {name: raspberry-pi-in-the-living-room-2, address: "10.0.0.2", memory: 90MiB}
YAML
"$shoal" plan "$model" --cluster "$work/cluster.yaml" --context 256 --slots 1 >"$work/pipe"
! grep -q $'\033' "$work/pipe" || die "escape codes in a pipe"
# Title and rows are lines of their own.
grep -E '^ *0  .*MiB' "$work/pipe" >"$work/row"
for columns in 50 60 80 120; do
    python3 "$work/wide.py" $columns "$shoal" plan "$model" --cluster "$work/cluster.yaml" --context 256 --slots 1 >"$work/screen"
    python3 - "$work/screen" "$work/row" $columns <<'PYTHON' || die "at $columns columns: $(cat "$work/screen")"
import re, sys

text, row, columns = open(sys.argv[1]).read(), open(sys.argv[2]).read(), int(sys.argv[3])
for line in text.splitlines():
    assert len(line) <= columns, line
weights = re.search(r"\d+\.\d MiB", row)[0]
assert weights in text, weights
PYTHON
done
for columns in 60 80; do
    python3 "$work/wide.py" $columns "$shoal" inspect "$model" >"$work/screen"
    awk -v most=$columns 'length($0) > most && !/gguf/ { exit 1 }' "$work/screen" || die "too wide: $(cat "$work/screen")"
done
