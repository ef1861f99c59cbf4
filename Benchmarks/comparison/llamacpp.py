"""llama.cpp, built for this machine in a cache folder from the source package of its Python binding."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import Failure, say
from .runs import run_json

VERSION = "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
TOOLS = ["cmake==4.4.4", "ninja==1.13.2", "scikit-build-core==1.1.2"]
PACKAGE = f"llama_cpp_python-{VERSION}"

# Its own thread pool, so that builds do not differ by whether the compiler brings OpenMP.
FLAGS = [
    "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DGGML_OPENMP=OFF", "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TOOLS=ON", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_BUILD_MTMD=OFF",
]
AVX2 = ["SSE42", "AVX", "AVX2", "FMA", "F16C", "BMI2"]


class LlamaCpp:
    """The programs in `folder`: one build of everything for this processor, and kernels alone for lesser instruction sets."""

    def __init__(self, folder):
        self.folder = folder

    def prepare(self, instruction_sets, processor_flags):
        """Downloads and builds what is missing.

        Sets of Shoal's names: "native", "avx512" (everything but AMX), "avx2".
        """
        if not self._bench.exists():
            self._build("native", ["-DGGML_NATIVE=ON"], "llama-bench")
        for name in instruction_sets:
            if name == "native" or self._kernels(name).exists():
                continue
            flags = list(AVX2)
            if name == "avx512":
                flags += ["AVX512"] + [f.upper() for f in ("avx512_vbmi", "avx512_vnni", "avx512_bf16") if f in processor_flags]
            self._build(name, ["-DGGML_NATIVE=OFF"] + [f"-DGGML_{flag}=ON" for flag in flags], "ggml-cpu")
        for name in instruction_sets:
            self._check(name)

    def prepare_rpc(self):
        """Builds its RPC mode, a server for every node and the benchmark that uses them; gives their folder."""
        folder = self.folder / "build-rpc/bin"
        if not all((folder / name).exists() for name in ("llama-bench", "ggml-rpc-server")):
            self._build("rpc", ["-DGGML_NATIVE=ON", "-DGGML_RPC=ON"], "llama-bench", "ggml-rpc-server")
        return folder

    def run(self, model, instruction_set, threads, prompt, decode, depth, flash_attention):
        """Tokens per second of either a prompt or decoding after `depth` tokens, after a run to warm up."""
        command = [
            self._bench, "-m", model, "-t", str(threads), "-p", str(prompt), "-n", str(decode), "-d", str(depth),
            "-fa", flash_attention, "-r", "1", "-o", "json",
        ]
        return run_json(command, self._environment(instruction_set))[0]["avg_ts"]

    @property
    def _bench(self):
        return self.folder / "build-native/bin/llama-bench"

    def _kernels(self, name):
        return self.folder / f"build-{name}/bin/libggml-cpu.so"

    def _environment(self, name):
        return {"LD_LIBRARY_PATH": str(self._kernels(name).parent)}

    def _check(self, name):
        """Other kernels are loaded in place of the native ones: a silent failure would measure the wrong thing."""
        lines = subprocess.run(
            ["ldd", self._bench], env={**os.environ, **self._environment(name)}, capture_output=True, text=True).stdout
        if str(self._kernels(name).parent) not in "".join(line for line in lines.splitlines() if "ggml-cpu" in line):
            raise Failure(f"llama-bench does not load the {name} kernels of {self._kernels(name)}: remove {self.folder} and try again")

    def _build(self, name, flags, *targets):
        source, build = self._source(), self.folder / f"build-{name}"
        cc, cxx = compilers()
        say(f"building llama.cpp's {' and '.join(targets)} for {name} with {cxx} (once, minutes) ...")
        tools = {"PATH": f"{self._venv}/bin:{os.environ['PATH']}"}
        configure = ["cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_C_COMPILER={cc}", f"-DCMAKE_CXX_COMPILER={cxx}"]
        step("llama.cpp's build cannot be configured", configure + FLAGS + flags, tools, quiet=True)
        step("llama.cpp does not build", ["ninja", "-C", build, *targets], tools)

    def _source(self):
        """The sources, downloaded if need be; the tool that downloads checks the hash before it opens the file."""
        source = self.folder / PACKAGE / "vendor/llama.cpp"
        if source.exists():
            return source
        if not (self._venv / "bin/ninja").exists():
            say("getting the tools to build with (once) ...")
            step("no virtual environment: install python3-venv", [sys.executable, "-m", "venv", "--clear", self._venv])
            step("the tools cannot be downloaded: is there a network?", [self._venv / "bin/pip", "install", "--quiet", *TOOLS])
        say(f"getting llama.cpp's sources (llama-cpp-python {VERSION}, once) ...")
        wanted = self.folder / "wanted.txt"
        wanted.write_text(f"llama-cpp-python=={VERSION} --hash=sha256:{SHA256}\n")
        step(
            "llama.cpp's sources cannot be downloaded: is there a network?",
            [
                self._venv / "bin/pip", "download", "--quiet", "--require-hashes", "--no-deps", "--no-build-isolation",
                "--no-binary", "llama-cpp-python", "--dest", self.folder, "-r", wanted,
            ], {"PATH": f"{self._venv}/bin:{os.environ['PATH']}"})
        partial = self.folder / "unpacking"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.unpack_archive(self.folder / f"{PACKAGE}.tar.gz", partial)
        (partial / PACKAGE).rename(self.folder / PACKAGE)
        partial.rmdir()
        return source

    @property
    def _venv(self):
        return self.folder / "tools"


def compilers():
    """A C and a C++ compiler that get AMX right: gcc 12 drops tile shapes, and the program dies of SIGILL."""
    folders = [Path(found).resolve().parent for found in [shutil.which("swift")] if found]
    for folder in [None, *folders]:
        pair = [shutil.which(name, path=folder and str(folder)) for name in ("clang", "clang++")]
        if all(pair):
            return pair
    pair = [shutil.which(name) for name in ("gcc", "g++")]
    if all(pair):
        version = subprocess.run([pair[1], "-dumpversion"], capture_output=True, text=True).stdout
        if int(re.match(r"\d*", version).group() or 0) >= 13:
            return pair
    raise Failure("no C++ compiler to build llama.cpp with: install clang, or gcc 13 or newer (older ones break its AMX code)")


def step(failure, command, environment={}, quiet=False):
    """Runs a command whose output is progress; `quiet` shows it only when it fails."""
    result = subprocess.run(
        [str(part) for part in command], env={**os.environ, **environment}, text=True,
        stdout=subprocess.PIPE if quiet else sys.stderr, stderr=subprocess.STDOUT if quiet else sys.stderr)
    if result.returncode != 0:
        raise Failure(f"{failure}\n{(result.stdout or '')[-2000:]}".strip())
