# The steps of Deploy/cross-arm64 that are done once: the compiler's chroot, and the libraries and SDK of each machine. Sourced by bash
# after cross.sh.

# The chroot with the compiler: Debian's smallest system, then Swift.
make_compiler() {
    step compiler-base "$compiler_suite" make_compiler_base
    step compiler "$compiler_key" make_compiler_packages
}

make_compiler_base() {
    inside_namespace '
        rm -rf --one-file-system -- "$2" "$2.partial"
        debootstrap --variant=minbase "$1" "$2.partial" "$3" >&2
        mv -- "$2.partial" "$2"
    ' "$compiler_suite" "$compiler_root" "$(debian_mirror)"
    rm -f -- "$cross/steps/compiler"
}

make_compiler_packages() {
    write_git_configuration
    apt_settings >"$cross/apt.conf"
    inside bash -euc 'cp /cross/apt.conf /etc/apt/apt.conf.d/50machine
        apt-get update -q
        apt-get install -y -q --no-install-recommends "$@"
        apt-get clean' install "${compiler_packages[@]}" >&2
}

# make_sysroot ARCH: the libraries and headers of one machine, and the SDK that names them to the compiler.
make_sysroot() {
    step "sysroot-$1" "$(sysroot_key)" unpack_sysroot "$1"
    step "sdk-$1" "2" write_sdk "$1"
}

unpack_sysroot() {
    local arch=$1 folder downloads list
    folder=$(sysroot "$arch")
    rm -rf -- "$folder"
    mkdir -p "$folder/usr/lib"
    # Libraries name each other in /lib and /lib64, and are in /usr.
    ln -s usr/lib "$folder/lib"
    ln -s usr/lib64 "$folder/lib64"
    downloads=$cross/downloads
    fetch_packages "$arch" "$target_suite" "${target_packages[@]}"
    for list in "$downloads/$arch-$target_suite"/*.deb; do dpkg-deb -x "$list" "$folder"; done
    unpack_swift "$arch" "$folder"
    # Their paths are the target's: the compiler's own libraries would be found first.
    sed -i "s|^prefix=/usr|prefix=/cross/sysroot-$arch/usr|" "$folder/usr/lib/$(multiarch "$arch")"/pkgconfig/*.pc
    rm -rf -- "${downloads:?}"
}

# unpack_swift ARCH FOLDER: Swift's own libraries, of the version that the compiler has.
unpack_swift() {
    local arch=$1 folder=$2 kind swift=/usr/libexec/swift/lib version
    if [ "$arch" != amd64 ]; then
        # The package alone: what it depends on is for its programs.
        fetch_packages "$arch" "$compiler_suite" --alone swiftlang libswiftlang
        version=$(dpkg-deb -f "$cross/downloads/$arch-$compiler_suite"/swiftlang_*.deb Version)
        [ "${version%%[-+]*}" = "$(compiler_version)" ] ||
            fail "the compiler is Swift $(compiler_version), and the libraries for $arch there are $version; start anew with: Deploy/cross-arm64 --clean"
        dpkg-deb --fsys-tarfile "$cross/downloads/$arch-$compiler_suite"/swiftlang_*.deb |
            tar -x -C "$folder" ./usr/libexec/swift/lib/swift ./usr/libexec/swift/lib/swift_static ./usr/libexec/swift/lib/clang
        # The shared ones: tests are linked with them.
        dpkg-deb --fsys-tarfile "$cross/downloads/$arch-$compiler_suite"/libswiftlang_*.deb |
            tar -x -C "$folder" ./usr/libexec/swift/lib/swift/linux
        swift=../libexec/swift/lib
    fi
    for kind in swift swift_static; do ln -s "$swift/$kind" "$folder/usr/lib/$kind"; done
}

# fetch_packages ARCH SUITE [--alone] PACKAGES...: gets packages of a machine and a suite, with all that they depend on or alone, to
# $cross/downloads/ARCH-SUITE. With lists of its own, so that this machine's are left alone.
fetch_packages() {
    local arch=$1 suite=$2 alone=false folder=$cross/downloads/$1-$2 state=$cross/apt-$1-$2
    shift 2
    if [ "$1" = --alone ]; then
        alone=true
        shift
    fi
    mkdir -p "$folder/partial" "$state"/{lists/partial,etc/apt.conf.d,etc/preferences.d,etc/sources.list.d}
    : >"$state/status"
    printf 'deb [signed-by=%s] %s %s main\n' /usr/share/keyrings/debian-archive-keyring.gpg "$(debian_mirror)" "$suite" >"$state/etc/sources.list"
    {
        apt_settings
        cat <<TEXT
Dir::Etc "$state/etc";
Dir::State "$state";
Dir::State::status "$state/status";
Dir::Cache "$state";
Dir::Cache::archives "$folder";
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Debug::NoLocking "true";
TEXT
    } >"$state/apt.conf"
    APT_CONFIG=$state/apt.conf apt-get update -q >&2
    if $alone; then
        (cd -- "$folder" && APT_CONFIG=$state/apt.conf apt-get download -q "$@") >&2
    else
        APT_CONFIG=$state/apt.conf apt-get install -q -y --no-install-recommends --download-only "$@" >&2
    fi
    rm -rf -- "$state"
}

# The SDK of one machine. No triple of a host is named: Debian's compiler has one of its own.
write_sdk() {
    local arch=$1 bundle=$cross/sdks/shoal-$1.artifactbundle
    rm -rf -- "$bundle"
    mkdir -p "$bundle/shoal"
    cat >"$bundle/info.json" <<TEXT
{"schemaVersion": "1.0",
 "artifacts": {"shoal-$arch": {"type": "swiftSDK", "version": "1", "variants": [{"path": "shoal"}]}}}
TEXT
    cat >"$bundle/shoal/swift-sdk.json" <<TEXT
{"schemaVersion": "4.0",
 "targetTriples": {"$(triple "$arch")": {
  "sdkRootPath": "/cross/sysroot-$arch",
  "swiftResourcesPath": "/cross/sysroot-$arch/usr/lib/swift",
  "swiftStaticResourcesPath": "/cross/sysroot-$arch/usr/lib/swift_static",
  "toolsetPaths": ["toolset.json"]}}}
TEXT
    cat >"$bundle/shoal/toolset.json" <<TEXT
{"schemaVersion": "1.0", "rootPath": "/usr/libexec/swift/bin",
 "linker": {"path": "ld.lld"}, "swiftCompiler": {"extraCLIOptions": ["-use-ld=lld"]}}
TEXT
}

# The sources as they are here, with the dates that files of the same content had: only what changed is compiled.
copy_sources() {
    mkdir -p "$cross/source"
    rsync --recursive --links --perms --checksum --delete --exclude='/.build*' --exclude=/.git "$root/" "$cross/source/"
}
