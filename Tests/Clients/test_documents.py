"""README.md, docs/ and CONTRIBUTING.md say what is true: every command of theirs works, every file named is there."""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

from cluster import MODEL, SHOAL, Cluster, free_ports

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# In the order in which their commands build on each other.
CHAPTERS = ["devices", "placement", "losses", "health", "commands", "api", "models", "measured"]
DOCUMENTS = {"README.md": README} | {f"docs/{name}.md": (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in CHAPTERS}
BOOK = "\n".join(DOCUMENTS.values())
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# What .ci/run runs by itself.
OF_CI = ["Deploy/quickstart", "Deploy/test"]


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block):
    """The commands of a shell block, without their comments; a backslash joins lines."""
    lines = block.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


class Book(unittest.TestCase):
    def test_ci_runs_quickstart_and_tests(self):
        script = (ROOT / ".ci" / "run").read_text()
        listed = [command for block in blocks(BOOK, "sh") for command in commands(block)]
        for command in OF_CI:
            self.assertIn(command, script)
            self.assertIn(command, listed)

    def test_its_commands_work_in_their_order(self):
        # Devices and ports are those of this machine; all else is run as written.
        with Cluster(workers=0, serve=False) as cluster:
            first, second, api = free_ports(3)
            replacements = [
                ("pi1:7077", f"127.0.0.1:{first}"), ("pi2:7077", f"127.0.0.1:{second}"),
                ("127.0.0.1:8080", f"127.0.0.1:{api}"), ("MODEL.gguf", MODEL), ("lap:8080", f"127.0.0.1:{api}"),
            ]
            tools = pathlib.Path(cluster.folder, "bin")
            tools.mkdir()
            (tools / "shoal").symlink_to(SHOAL)
            environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "XDG_DATA_HOME": cluster.folder, "XDG_CACHE_HOME": cluster.folder}
            workers = [first, second]
            here = ["--server", f"http://127.0.0.1:{api}"]
            done = []

            def own(text):
                for pattern, replacement in replacements:
                    text = text.replace(pattern, replacement)
                return text

            def run(command, text=None):
                result = subprocess.run(
                    command, cwd=ROOT, env=environment, input=text, capture_output=True, text=True, timeout=180)
                self.assertEqual(result.returncode, 0, f"{command}\n{result.stdout[-1000:]}{result.stderr[-1000:]}")
                return result.stdout

            for language, block in re.findall(r"^```(sh|python)\n(.*?)^```$", BOOK, re.MULTILINE | re.DOTALL):
                if language == "python":
                    self.assertTrue(run([sys.executable, "-"], own(block)).strip())
                    done.append("python")
                    continue
                for command in commands(block):
                    words = shlex.split(own(command), comments=True)
                    name = " ".join(words[:2]) if words[0] == "shoal" else words[0]
                    if command in OF_CI or words[0] in ("swift", "sudo"):
                        continue
                    if "|" in words:
                        self.assertTrue(run(["bash", "-o", "pipefail", "-c", own(command)]).strip(), command)
                        done += [f"shoal {words[place + 1]}" for place, word in enumerate(words) if word == "shoal"]
                        continue
                    if name == "shoal worker":
                        for port in workers:
                            cluster.start(
                                f"worker-{port}", *words[1:], "--listen", f"127.0.0.1:{port}", "--data-dir",
                                os.path.join(cluster.folder, f"data-{port}"))
                        workers = []
                        for port in (first, second):
                            cluster.wait_for_port(port)
                    elif name == "shoal serve":
                        cluster.start("serve", *words[1:], "--listen", f"127.0.0.1:{api}")
                        cluster.wait_for_health(f"http://127.0.0.1:{api}")
                    elif name == "shoal chat":
                        self.assertTrue(run(words + here, "Hello!\n/exit\n").strip())
                    elif name in ("shoal devices", "shoal status", "shoal models"):
                        self.assertTrue(run(words + here).strip())
                    else:
                        self.assertTrue(run(words).strip(), command)
                    done.append(name)
            for name in ("shoal worker", "shoal plan", "shoal serve", "shoal devices", "shoal status", "shoal models", "shoal generate", "shoal chat", "shoal template", "curl", "python"):
                self.assertIn(name, done)

    def test_its_table_lists_every_command(self):
        help_text = subprocess.run([SHOAL, "--help"], capture_output=True, text=True, check=True).stdout
        subcommands = re.findall(r"^  (\w+)  ", help_text.split("SUBCOMMANDS:")[1], re.MULTILINE)
        self.assertGreater(len(subcommands), 8)
        listed = re.findall(r"^\| `shoal (\w+)", BOOK, re.MULTILINE)
        self.assertEqual(sorted(listed), sorted(subcommands))

    def test_the_flags_it_names_exist(self):
        known = ""
        for name in ["", *re.findall(r"^\| `shoal (\w+)", BOOK, re.MULTILINE)]:
            known += subprocess.run([SHOAL, *name.split(), "--help"], capture_output=True, text=True, check=True).stdout
        known += subprocess.run([ROOT / "Deploy/quickstart", "--help"], capture_output=True, text=True, check=True).stdout
        for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", BOOK)) - {"--product", "--static-swift-stdlib"}:
            self.assertTrue(flag in known, flag)


class Files(unittest.TestCase):
    def test_every_file_that_is_named_is_there(self):
        count = 0
        for name, text in (DOCUMENTS | {"CONTRIBUTING.md": CONTRIBUTING}).items():
            named = set(re.findall(r"(?:Sources|Tests|Deploy|Proto|Cluster|\.ci)/[\w./+-]*[\w]", text))
            count += len(named)
            for path in named:
                with self.subTest(document=name, path=path):
                    self.assertTrue((ROOT / path).exists())
        self.assertGreater(count, 50)

    def test_links_lead_somewhere(self):
        listed = set()
        for name, text in (DOCUMENTS | {"CONTRIBUTING.md": CONTRIBUTING}).items():
            for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
                with self.subTest(document=name, link=link):
                    path = (ROOT / name).parent / link
                    self.assertTrue(path.exists())
                    listed.add(path.resolve())
        for document in (ROOT / "docs").iterdir():
            self.assertIn(document.resolve(), listed)

    def test_every_module_is_in_the_map(self):
        for folder in (ROOT / "Sources").iterdir():
            self.assertIn(f"`{folder.name}`", CONTRIBUTING)
