# The arm64 program computes the same bits as this machine's, with each of its instruction sets, on the processors of Raspberry Pis too, and
# with pages of 4, 16 and 64 KiB, which map the same packed weights.
"$shoal" tokenize "$model" --json 'A shoal is a group of fish that stay together for social reasons, and a school is one that swims the same way.' |
    python3 -c 'import json, sys; json.dump(json.load(sys.stdin)["ids"], sys.stdout)' >"$work/tokens.json"
flags=("$model" --tokens "$work/tokens.json")
expect_exit 0 "$shoal" logits "${flags[@]}" --output "$work/local.f32"
# same WHAT VARIABLE=VALUE...
same() {
    local what=$1 began=$SECONDS
    shift
    expect_exit 0 env "$@" "$arm" logits "${flags[@]}" --output "$work/arm.f32"
    cmp "$work/local.f32" "$work/arm.f32" || die "$what"
    rm "$work/arm.f32"
    echo "$what: equal bits ($((SECONDS - began)) s)"
}
for set in scalar neon dotprod i8mm; do same "$set" SHOAL_ISA=$set; done
for processor in cortex-a72 cortex-a76; do same "$processor" QEMU_CPU=$processor; done

# Pages that this qemu can have: what the loader tells of its auxiliary vector.
sizes=()
for pages in 4096 16384 65536; do
    if env QEMU_PAGESIZE=$pages $loader --list-diagnostics 2>/dev/null | grep -A 1 'a_type=0x6$' | grep -q "a_val=0x$(printf %x "$pages")$"; then
        sizes+=("$pages")
    else
        echo "this qemu has no pages of $pages: skipped"
    fi
done
[ ${#sizes[@]} -gt 0 ] || die "no pages of any size"
for pages in "${sizes[@]}"; do same "pages of $pages" QEMU_PAGESIZE=$pages; done
# Packed by a program with one size of pages, mapped by another.
weights() {
    expect_exit 0 env "QEMU_PAGESIZE=$1" "$arm" bench "$model" --threads 1 --prompt-tokens 1 --generate-tokens 1 --repetitions 1 --json
    python3 -c 'import json, sys; figures = json.load(sys.stdin); print(*(name for name in ("mapped", "written", "in_memory") if figures["matrices_" + name] > 0))' <"$work/out"
}
for first in "${sizes[@]}"; do
    rm -rf "$XDG_CACHE_HOME/shoal/packed"
    [ "$(weights "$first")" = written ] || die "pages of $first: not packed"
    for second in "${sizes[@]}"; do
        [ "$(weights "$second")" = mapped ] || die "packed with pages of $first, not mapped with pages of $second"
    done
done
