"""What `kernel-cycles` is made of."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from comparison import Failure

ROOT = Path(__file__).resolve().parent.parent.parent
KERNELS = ROOT / "Sources/CKernels"
# Architecture of each kernel file, and the model of a core that has its instructions: the Neoverse N1 stands for the Cortex-A76 of a Raspberry
# Pi 5, which has the same pipes and no model of its own; the Cortex-A72 is that of a Raspberry Pi 4.
CPUS = {
    "dotprod.c": ("aarch64", "neoverse-n1"),
    "neon.c": ("aarch64", "cortex-a72"),
    "i8mm.c": ("aarch64", "neoverse-v1"),
    "avx2.c": ("x86_64", "alderlake"),
    "avxvnni.c": ("x86_64", "alderlake"),
    "avx512.c": ("x86_64", "sapphirerapids"),
}
# Names of layouts (Sources/CKernels/layouts.h).
TYPES = {
    "Q4_0": "q4_0", "Q4_1": "q4_1", "Q5_0": "q5_0", "Q5_1": "q5_1", "Q8_0": "q8_0", "Q2_K": "q2_k", "Q3_K": "q3_k", "Q4_K": "q4_k",
    "Q5_K": "q5_k", "Q6_K": "q6_k", "IQ4_NL": "iq4_nl", "IQ4_XS": "iq4_xs", "MXFP4": "mxfp4",
}


def first(candidates):
    return next((found for found in map(shutil.which, candidates) if found), None)


def tools():
    """Paths of clang and llvm-mca: the newest, whose models are the best."""
    clang = first([os.environ.get("CC", "clang"), "clang", "/opt/swift/usr/bin/clang", "/usr/libexec/swift/bin/clang"])
    mca = first([*(f"llvm-mca-{version}" for version in range(30, 16, -1)), "llvm-mca"])
    if clang is None:
        raise Failure("clang is missing: a Swift toolchain holds it; or apt-get install -y clang")
    if mca is None:
        raise Failure("llvm-mca is missing: it comes with LLVM; on Debian apt-get install -y llvm-19 (on others llvm)")
    version = re.search(r"LLVM version (\d+)", subprocess.run([mca, "--version"], capture_output=True, text=True).stdout)
    if version is None or int(version[1]) < 17:
        raise Failure(f"{mca} is older than LLVM 17 and lacks models of Arm's cores; on Debian apt-get install -y llvm-19")
    return clang, mca
