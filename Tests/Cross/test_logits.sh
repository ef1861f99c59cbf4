# The arm64 program computes the same bits as this machine's, with each of its instruction sets, on the processors of Raspberry Pis too, and
# with pages of 4, 16 and 64 KiB, which map the same packed weights.
"$shoal" tokenize "$model" --json 'A shoal of fish' |
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

# pages_of SIZE: what qemu puts into the program's environment for it.
pages_of() { echo "QEMU_SET_ENV=LD_PRELOAD=$pages,PAGE_SIZE=$1"; }
# weights SIZE: packs or maps them there, and tells what it did.
weights() {
    expect_exit 0 env "$(pages_of "$1")" "$arm" bench "$model" --threads 1 --prompt-tokens 1 --generate-tokens 1 --repetitions 1 --json
    python3 -c 'import json, sys; figures = json.load(sys.stdin); print(*(name for name in ("mapped", "written", "in_memory") if figures["matrices_" + name] > 0))' <"$work/out"
}
# A size that is none ends the program: so it is asked for.
! (env "$(pages_of 5000)" "$arm" version) >"$work/out" 2>&1 || die "the stand-in for larger pages is not there"
for first in 4096 65536; do
    rm -rf "$XDG_CACHE_HOME/shoal/packed"
    [ "$(weights "$first")" = written ] || die "pages of $first: not packed"
    for second in 4096 16384 65536; do
        [ "$second" != "$first" ] || continue
        [ "$(weights "$second")" = mapped ] || die "packed with pages of $first, not mapped with pages of $second"
        same "packed with pages of $first, computed with pages of $second" "$(pages_of "$second")"
    done
done
