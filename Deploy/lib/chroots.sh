# Fresh chroots of Debian 13 for tests of packages. Sourced by bash after common.sh; needs root.

debian_release=trixie
chroots="$cache/chroots"

# Whether this machine runs programs of an architecture, with qemu-user where it is another.
runs_architecture() {
    [ "$1" = "$(dpkg --print-architecture)" ] && return 0
    [ "$1" = arm64 ] || return 1
    grep -qsx enabled /proc/sys/fs/binfmt_misc/*aarch64* 2>/dev/null
}

qemu_name=shoal-test-aarch64

# Has the kernel run arm64's programs under qemu-user, until `forget_qemu`; does nothing where it does that already. Fails where it cannot.
register_qemu() {
    runs_architecture arm64 && return 0
    [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null || return 1
    runs_architecture arm64 && return 0
    # ELF, 64 bits, little-endian, e_machine 183 (AArch64). F: the interpreter is opened now, so that chroots need none of their own.
    local magic='\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    printf '%s' ":$qemu_name:M::$magic:$mask:$(command -v qemu-aarch64-static):OPF" >/proc/sys/fs/binfmt_misc/register 2>/dev/null &&
        runs_architecture arm64
}

forget_qemu() { [ ! -e "/proc/sys/fs/binfmt_misc/$qemu_name" ] || echo -1 >"/proc/sys/fs/binfmt_misc/$qemu_name"; }

# make_chroot ARCH NAME FOLDER PACKAGE...: a fresh chroot with these packages beside the least that there is. The first one of a name takes
# minutes, and is kept; remove it from ~/.cache/shoal/chroots to have it made anew.
make_chroot() {
    local arch=$1 kept="$chroots/$debian_release-$1-$2.tar" folder=$3
    shift 3
    mkdir -p "$chroots" "$folder"
    if [ ! -f "$kept" ]; then
        local draft include
        heading "Making a chroot of Debian $debian_release for $arch (once)"
        draft=$(mktemp -d "$chroots/.draft.XXXXXX")
        include=$(IFS=,; echo "$*")
        if ! debootstrap --arch "$arch" --variant minbase ${include:+--include "$include"} "$debian_release" "$draft/root" >"$draft/log" 2>&1; then
            tail -n 5 "$draft/log" >&2
            rm -rf -- "$draft"
            fail "debootstrap failed; check the network"
        fi
        rm -rf -- "$draft"/root/var/cache/apt/archives/*.deb
        tar -C "$draft/root" --numeric-owner -cf "$draft/root.tar" .
        mv -- "$draft/root.tar" "$kept"
        rm -rf -- "$draft"
    fi
    tar -C "$folder" --numeric-owner -xf "$kept"
}

# in_chroot FOLDER COMMAND...: with the network of this machine.
in_chroot() {
    local folder=$1
    shift
    unshare --mount --pid --fork --kill-child bash -c '
        mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount --make-rslave "$1/dev"
        exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${@:2}"' _ "$folder" "$@"
}

# boot_chroot FOLDER: starts the systemd in it, with no network but loopback. Sets `machine`, the process for in_machine; fails where systemd
# does not come up.
boot_chroot() {
    # With a hierarchy of control groups of version 2 alone, as systemd wants it.
    unshare --mount bash -c '
        mount --make-rprivate /
        if [ "$(stat --file-system --format %T /sys/fs/cgroup)" != cgroup2fs ]; then
            umount --recursive /sys/fs/cgroup 2>/dev/null || umount --lazy /sys/fs/cgroup
            mount -t cgroup2 none /sys/fs/cgroup
        fi
        exec systemd-nspawn --quiet --directory "$1" --boot --register=no --keep-unit --private-network --console=read-only --hostname shelf' \
        _ "$1" </dev/null >"$1.log" 2>&1 &
    nspawn=$!
    local deadline=$((SECONDS + 60))
    while [ $SECONDS -lt $deadline ] && kill -0 "$nspawn" 2>/dev/null; do
        machine=$(pgrep -P "$nspawn" | head -n 1) || true
        if [ -n "$machine" ] && in_machine systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; then return 0; fi
        sleep 0.5
    done
    end_machine
    return 1
}

# in_machine COMMAND...: as root of the machine that boot_chroot started.
in_machine() {
    nsenter --target "$machine" --all --wd=/ env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

end_machine() {
    [ -n "${nspawn:-}" ] || return 0
    kill -TERM "$nspawn" 2>/dev/null || true
    local deadline=$((SECONDS + 30))
    while kill -0 "$nspawn" 2>/dev/null && [ $SECONDS -lt $deadline ]; do sleep 0.2; done
    kill -KILL "$nspawn" 2>/dev/null || true
    wait "$nspawn" 2>/dev/null || true
    nspawn=
}

# ask ANSWER COMMAND...: what the model says, greedily, over the API; the command is what runs curl beside the coordinator.
ask() {
    local answer=$1
    shift
    printf '{"messages":[{"role":"user","content":"Name three fish."}],"max_tokens":24,"temperature":0}' |
        "$@" curl --silent --fail --max-time 600 --header 'Content-Type: application/json' --data-binary @- http://127.0.0.1:8080/v1/chat/completions |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["choices"][0]["message"]["content"])' >"$answer"
    say "       $(tr '\n' ' ' <"$answer")"
    [ -s "$answer" ]
}
