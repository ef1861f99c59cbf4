# What Deploy/cross-arm64 and Deploy/test-cross-arm64 share, after common.sh: where things are, steps that are done once, and a Debian of
# its own to run the compiler in. Sourced by bash.

# All that is kept. In the chroot it is seen as /cross.
cross=$cache/cross-arm64
# The compiler runs in this Debian, whose Swift is the oldest that Shoal builds with …
compiler_suite=sid
compiler_root=$cross/compiler
# … and programs are linked with the libraries of this one, and run there and on all that is newer.
target_suite=trixie
target_packages=(libc6-dev libstdc++-14-dev libprotobuf-c-dev libsqlite3-dev zlib1g-dev libavahi-client-dev
    libedit-dev libsodium-dev)

# The modules whose tests are run for the other machine: what computes, what maps files, what goes over the wire.
cross_tests=(FormatsTests GGUFTests TensorsTests WireTests)

# The programs of both machines by Debian's names, as packages are made of them.
programs=$root/.build/cross

# sysroot ARCH: the folder of the libraries for a machine.
sysroot() { printf '%s\n' "$cross/sysroot-$1"; }

# triple ARCH: what Debian's Swift calls a machine, and so the files of its modules.
triple() {
    case $1 in
    arm64) echo aarch64-unknown-linux-gnu ;;
    amd64) echo x86_64-pc-linux-gnu ;;
    esac
}

# multiarch ARCH: the folder of a machine's libraries.
multiarch() {
    case $1 in
    arm64) echo aarch64-linux-gnu ;;
    amd64) echo x86_64-linux-gnu ;;
    esac
}

# step NAME KEY COMMAND...: runs it unless it was done with the same key, and says how long it took.
step() {
    local name=$1 key=$2 stamp=$cross/steps/$1 started=$SECONDS
    shift 2
    if [ -f "$stamp" ] && [ "$(<"$stamp")" = "$key" ]; then
        say "$name: there already"
        return 0
    fi
    heading "$name"
    rm -f -- "$stamp"
    "$@"
    printf '%s\n' "$key" >"$stamp"
    say "$name: $((SECONDS - started)) s"
}

# Whether a step was done with this key.
step_is_done() { [ -f "$cross/steps/$1" ] && [ "$(<"$cross/steps/$1")" = "$2" ]; }

compiler_packages=(swiftlang g++ git ca-certificates pkg-config)
compiler_key="$compiler_suite: ${compiler_packages[*]}"
sysroot_key() { echo "$target_suite: ${target_packages[*]}; Swift $(compiler_version)"; }

# The version of Swift in the chroot, without Debian's part.
compiler_version() {
    dpkg-query --admindir="$compiler_root/var/lib/dpkg" -W -f '${Version}\n' swiftlang 2>/dev/null | sed 's/[-+].*//'
}

# Whether the compiler and the libraries of these machines are there, so that a build gets nothing from the network but new packages.
cross_is_cached() {
    local arch
    step_is_done compiler "$compiler_key" || return 1
    for arch in "$@"; do step_is_done "sysroot-$arch" "$(sysroot_key)" || return 1; done
}

# inside COMMAND...: runs it as root in the chroot, with this machine's network and the cache as /cross. The mounts are in a namespace of
# their own and end with it. What git is told to get from elsewhere it gets from there inside too.
inside() {
    inside_namespace '
        root=$1 cross=$2 folders=$3
        shift 3
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mkdir -p "$root/cross"
        mount --bind "$cross" "$root/cross"
        while IFS= read -r folder; do
            [ -d "$folder" ] || continue
            mkdir -p "$root$folder"
            mount --rbind -o ro "$folder" "$root$folder"
        done <<<"$folders"
        cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
        exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive GIT_CONFIG_GLOBAL=/cross/gitconfig "$@"
    ' "$compiler_root" "$cross" "$(git_folders)" "$@"
}

# inside_namespace SCRIPT ARGUMENTS...: runs a script of bash as root with mounts of its own.
inside_namespace() {
    local as_root script=$1
    shift
    as_root=$(root_prefix "a chroot" "$0") || exit 1
    ${as_root:+"$as_root"} unshare --mount --propagation private -- bash -euc "$script" inside "$@" ||
        fail "that failed in the chroot (where mount or chroot was refused: it needs root, and no container without CAP_SYS_ADMIN)"
}

# Folders of this machine that git's configuration takes packages from.
git_folders() { git config --get-regexp '^url\..*\.insteadof$' | sed -n 's|^url\.\(file://\)\{0,1\}\(/.*\)\.insteadof .*|\2|p' | sort -u; }

# Writes what this machine's git takes from elsewhere, for the git inside.
write_git_configuration() {
    local key value
    rm -f -- "$cross/gitconfig"
    git config --file "$cross/gitconfig" safe.directory '*'
    git config --get-regexp '^url\..*\.insteadof$' | while read -r key value; do
        git config --file "$cross/gitconfig" --add "$key" "$value"
    done
}

# The address of Debian's packages that this machine uses.
debian_mirror() {
    local mirror=${SHOAL_DEBIAN_MIRROR-}
    [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -n 's/^Debian|Debian|//p' | head -n 1)
    [ -n "$mirror" ] || fail "this machine's apt has no source of Debian's packages, or no lists yet (apt-get update); name one with SHOAL_DEBIAN_MIRROR=URI"
    printf '%s\n' "${mirror%/}"
}

# What this machine's apt is told about getting packages: proxies, dates.
apt_settings() { apt-config dump | grep -E '^Acquire::(Check-|Retries|http|https|ForceIP)' || true; }
