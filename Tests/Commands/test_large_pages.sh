# Machines with pages of 16 and 64 KiB, as some kernels of arm64 have: the same answers, and packed weights of one are mapped by the others.
[ "$(uname -s)" = Linux ] || { echo "preloading is Linux's: skipped"; exit 0; }
command -v cc >/dev/null || { echo "no C compiler: skipped"; exit 0; }
# What is preloaded has no space in its path.
cd "$work"
cc -shared -fPIC -O1 -o pages.so "$here/page_size.c" -ldl
own=$(getconf PAGESIZE)
# Smaller ones than the machine's cannot be made.
mapfile -t sizes < <(printf '%s\n' "$own" 16384 65536 | awk -v own="$own" '$1 >= own' | sort -nu)

# pages_of SIZE: sets `pages`, the words that run a command where pages are of SIZE bytes.
pages_of() { pages=(env "PAGE_SIZE=$1" LD_PRELOAD=./pages.so); }

pages_of 65536
# The stand-in does what such a kernel does, or the rest says nothing.
[ "$("${pages[@]}" python3 -c 'import mmap; print(mmap.PAGESIZE)')" = 65536 ] || die "pages are not of 64 KiB"
"${pages[@]}" python3 - <<'PYTHON'
import ctypes, mmap

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
anonymous = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
base = libc.mmap(None, 70000, mmap.PROT_READ | mmap.PROT_WRITE, anonymous, -1, 0)
assert base % 65536 == 0
assert libc.madvise(ctypes.c_void_p(base + 4096), ctypes.c_size_t(4096), 4) == -1 and ctypes.get_errno() == 22
with open("/proc/self/exe", "rb") as file:
    refused = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_PRIVATE, file.fileno(), 4096)
assert refused == ctypes.c_void_p(-1).value and ctypes.get_errno() == 22
PYTHON

# weights SIZE: packs or maps them there, and tells what it did.
weights() {
    pages_of "$1"
    expect_exit 0 "${pages[@]}" "$shoal" bench "$model" --threads 1 --prompt-tokens 4 --generate-tokens 1 --repetitions 1 --json
    python3 - "$work/out" <<'PYTHON'
import json, sys

figures = json.load(open(sys.argv[1]))
print(*(name for name in ("mapped", "written", "in_memory") if figures["matrices_" + name] > 0))
PYTHON
}
# logits SIZE FILE FLAGS...
logits() {
    pages_of "$1"
    expect_exit 0 "${pages[@]}" "$shoal" logits "$model" --tokens tokens.json --output "$2" "${@:3}"
}
echo '[504, 2365, 282, 4649, 314, 260, 1123, 30]' >tokens.json
logits "$own" own.f32
# Whoever packed them.
for first in "$own" 65536; do
    rm -rf "$XDG_CACHE_HOME/shoal/packed"
    [ "$(weights "$first")" = written ] || die "pages of $first: weights were not packed"
    for second in "${sizes[@]}"; do
        [ "$second" != "$first" ] || continue
        [ "$(weights "$second")" = mapped ] || die "weights packed with pages of $first are not mapped with pages of $second"
        logits "$second" other.f32
        cmp own.f32 other.f32 || die "packed with pages of $first, pages of $second"
    done
done

# Workers with such pages, and what they keep in their stores.
mapfile -t ports < <(free_ports 2)
for size in "${sizes[@]}"; do
    worker_flags=()
    pages_of "$size"
    for port in "${ports[@]}"; do
        mkdir -p "$work/worker-$port"
        cp "$profile"/profile-*.json "$work/worker-$port"
        start "worker-$port-$size" "${pages[@]}" "$shoal" worker --listen "127.0.0.1:$port" --data-dir "$work/worker-$port" --insecure
        worker_flags+=(--worker "127.0.0.1:$port")
    done
    for port in "${ports[@]}"; do wait_for_port "$port"; done
    logits "$own" "workers-$size.f32" --insecure "${worker_flags[@]}" --objective throughput --chunk 3
    cmp own.f32 "workers-$size.f32"
    stop_all
done
# The last ones mapped what those before had packed.
[ ${#sizes[@]} -lt 2 ] || expect_text "worker-${ports[0]}-${sizes[0]}.log" "matrices: 0 mapped, [1-9][0-9]* packed and kept, 0 packed"
[ ${#sizes[@]} -lt 2 ] || expect_text "worker-${ports[0]}-65536.log" "matrices: [1-9][0-9]* mapped, 0 packed and kept, 0 packed"
