# The programs are what packages may hold: for their machines, with Swift's libraries inside, runnable on Debian 13, small, and with their
# debug information beside them.
python3 - "$programs" <<'PYTHON'
import os, re, subprocess, sys

machines = {"arm64": "AArch64", "amd64": "Advanced Micro Devices X86-64"}
# glibc of Debian 13.
newest = (2, 41)
built = [name for name in machines if os.path.exists(os.path.join(sys.argv[1], name, "shoal"))]
assert "arm64" in built, built


def read(*arguments):
    return subprocess.run(["readelf", *arguments], check=True, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}).stdout


for name in built:
    folder = os.path.join(sys.argv[1], name)
    shoal, debug = os.path.join(folder, "shoal"), os.path.join(folder, "shoal.debug")
    header = read("--wide", "--file-header", shoal)
    assert re.search(r"Machine:\s+" + machines[name], header), header
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", read("--wide", "--dynamic", shoal))
    assert not [library for library in needed if re.search("swift|Foundation|dispatch", library)], needed
    versions = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_(\d+\.\d+)", read("--wide", "--version-info", shoal))}
    assert versions and max(versions) <= newest, max(versions)
    sections = read("--wide", "--sections", shoal)
    assert ".debug_info" not in sections and ".symtab" not in sections and ".gnu_debuglink" in sections, sections
    assert ".debug_info" in read("--wide", "--sections", debug)
    build = [re.search(r"Build ID: (\w+)", read("--notes", file)).group(1) for file in (shoal, debug)]
    assert build[0] == build[1], build
    print(name, os.path.getsize(shoal), "bytes, needs glibc", ".".join(map(str, max(versions))), *needed)
PYTHON
for program in "$arm" "$shoal"; do
    expect_exit 0 "$program" version
    cp "$work/out" "$work/version-$(basename -- "$(dirname -- "$program")")"
    cat "$work/out"
done
if command -v file >/dev/null; then file "$programs"/*/shoal; fi
