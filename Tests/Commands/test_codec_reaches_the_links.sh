# --codec f32 gives the local bits over workers; f16 and q8 give others, near them.
echo '[504, 2365, 282, 4649, 314, 260, 1123, 30]' >"$work/tokens.json"
flags=("$model" --tokens "$work/tokens.json")
expect_exit 0 "$shoal" logits "${flags[@]}" --output "$work/local.f32"
start_workers 2
for codec in f32 f16 q8; do
    expect_exit 0 "$shoal" logits "${flags[@]}" --insecure "${worker_flags[@]}" --pin "0-14=127.0.0.1:${ports[0]}" \
        --pin "15-29=127.0.0.1:${ports[1]}" --codec "$codec" --output "$work/$codec.f32"
done
cmp "$work/local.f32" "$work/f32.f32"
python3 - "$work" <<'PYTHON'
import array, sys

def logits(name):
    values = array.array("f")
    values.frombytes(open(f"{sys.argv[1]}/{name}.f32", "rb").read())
    return values

local = logits("local")
size = sum(value * value for value in local) ** 0.5
errors = [sum((a - b) ** 2 for a, b in zip(local, logits(name))) ** 0.5 / size for name in ("f16", "q8")]
assert 0 < errors[0] < errors[1] < 0.1, errors
PYTHON
