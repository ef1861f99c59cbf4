"""Prints what a Debian package with a program depends on: elf_depends.py PROGRAM, by the libraries and versions of symbols that it names."""
import re
import subprocess
import sys

# Which package of Debian has which library.
PACKAGES = {
    "libavahi-client.so.3": "libavahi-client3",
    "libavahi-common.so.3": "libavahi-common3",
    "libedit.so.2": "libedit2",
    "libgcc_s.so.1": "libgcc-s1",
    "libprotobuf-c.so.1": "libprotobuf-c1",
    "libsodium.so.23": "libsodium23",
    "libsqlite3.so.0": "libsqlite3-0",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
}
LIBC = re.compile(r"^(lib(c|m|dl|pthread|rt|resolv|util)|ld-linux[\w-]*)\.so\.\d+$")
# The versions of GCC that brought symbols' versions (GCC manual of libstdc++, "ABI Policy and Guidelines").
GCC_OF_SYMBOLS = {30: "12", 31: "13.1", 32: "13.2", 33: "14", 34: "15"}


def readelf(*arguments):
    result = subprocess.run(["readelf", "--wide", *arguments], check=True, capture_output=True, text=True)
    return result.stdout


def highest(text, pattern):
    """The highest of the versions that are named in a text."""
    versions = [tuple(int(part) for part in found.split(".")) for found in re.findall(pattern, text)]
    return max(versions, default=None)


def main():
    program = sys.argv[1]
    needed = re.findall(r"\(NEEDED\)\s+Shared library: \[(.+)\]", readelf("--dynamic", program))
    if not needed:
        sys.exit(f"{program} names no library: is it a program that is linked dynamically with the C library?")
    symbols = readelf("--version-info", program)
    depends = set()
    for library in needed:
        if LIBC.match(library):
            version = highest(symbols, r"\bGLIBC_(\d+(?:\.\d+)+)")
            depends.add(f"libc6 (>= {'.'.join(map(str, version))})" if version else "libc6")
        elif library == "libstdc++.so.6":
            version = highest(symbols, r"\bGLIBCXX_3\.4\.(\d+)")
            known = [number for number in GCC_OF_SYMBOLS if version and number >= version[0]]
            if version and not known:
                sys.exit(f"{program} needs symbols GLIBCXX_3.4.{version[0]}: enter the GCC that has them in {__file__}")
            depends.add(f"libstdc++6 (>= {GCC_OF_SYMBOLS[min(known)]})" if version else "libstdc++6")
        elif library in PACKAGES:
            depends.add(PACKAGES[library])
        elif library.startswith(("libswift", "libFoundation", "lib_Foundation", "libdispatch", "libBlocksRuntime")):
            sys.exit(f"{program} needs {library}, which no Debian machine has: build it with --static-swift-stdlib")
        else:
            sys.exit(f"{program} needs {library}: enter its package in {__file__}")
    print(", ".join(sorted(depends)))


main()
