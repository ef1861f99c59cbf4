"""Writes the manual page from what the program says of itself: shoal --experimental-dump-help | manual.py VERSION DATE"""
import json
import re
import sys

FILES = [
    ("/etc/shoal/worker.yaml, /etc/shoal/coordinator.yaml", "Options of the two services, under their long names."),
    ("/var/lib/shoal/worker", "What the worker's service keeps: the device's identity and its layers."),
    ("/var/lib/shoal/coordinator", "What the coordinator's service keeps: the cluster's authority, its members, what is placed."),
    ("~/.local/share/shoal", "The same of workers and coordinators that users run themselves ($XDG_DATA_HOME/shoal, where that is set)."),
    ("/var/cache/shoal, ~/.cache/shoal", "Weights as the processor reads them best; made anew where they are missing."),
]
ENVIRONMENT = [
    ("SHOAL_JOIN", "A token to join with, where no argument gives one."),
    ("SHOAL_SERVER", "The coordinator that commands ask, where no --server names one."),
    ("SHOAL_API_KEY", "A key to the coordinator's API, for commands that ask it."),
    ("SHOAL_ISA", "The instruction set to compute with; all give the same bits."),
]


def escaped(text):
    """Text for a line of groff's; one that begins with a control character is guarded."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq").replace('"', "\\(dq").replace("^", "\\(ha").replace("~", "\\(ti")
    return f"\\&{text}" if text.startswith(".") else text


def paragraphs(text):
    """A discussion: running text, and examples on lines of their own."""
    lines = []
    for line in (text or "").strip().splitlines():
        line = line.strip()
        if not line:
            lines.append(".PP")
        elif line.startswith("Example:") or re.match(r"^[A-Z][\w ]+: {2,}", line):
            lines += [".br", escaped(re.sub(r" {2,}", " ", line))]
        else:
            lines.append(escaped(line))
    return lines


def name(option):
    dashes = "--" if option["kind"] == "long" else "-"
    return escaped(dashes + option["name"])


def argument_entry(argument):
    value = f"\\fI{escaped(argument.get('valueName', 'value'))}\\fR"
    if argument["kind"] == "positional":
        head = value
    else:
        head = ", ".join(f"\\fB{name(one)}\\fR" for one in argument["names"])
        if argument["kind"] == "option":
            head += f" {value}"
    text = escaped((argument.get("abstract") or "").strip())
    default = argument.get("defaultValue")
    if default and "efault" not in text:
        text += f" (default: {escaped(default)})"
    return [".TP", head, text] if text else [".TP", head]


def command_section(command, before):
    words = before + [command["commandName"]]
    shown = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True) and "help" not in [n["name"] for n in argument.get("names", [])]]
    synopsis = [f"\\fB{escaped(' '.join(words))}\\fR"]
    if any(argument["kind"] != "positional" for argument in shown):
        synopsis.append("[\\fIoptions\\fR]")
    for argument in shown:
        if argument["kind"] == "positional":
            value = f"\\fI{escaped(argument.get('valueName', 'value'))}\\fR"
            synopsis.append(f"[{value}]" if argument.get("isOptional") else value)
    lines = []
    subcommands = [sub for sub in command.get("subcommands", []) if sub["commandName"] != "help"]
    if not subcommands:
        lines += [f".SS {' '.join(synopsis)}"]
    else:
        lines += [f".SS \\fB{escaped(' '.join(words))}\\fR"]
    lines.append(escaped((command.get("abstract") or "").strip()))
    if command.get("discussion"):
        lines += [".PP"] + paragraphs(command["discussion"])
    if not subcommands:
        for argument in shown:
            lines += argument_entry(argument)
    for sub in subcommands:
        lines += command_section(sub, words)
    return lines


def main():
    version, date = sys.argv[1:]
    command = json.load(sys.stdin)["command"]
    lines = [
        f'.TH SHOAL 1 "{date}" "shoal {version}" "User Commands"', ".SH NAME",
        "shoal \\- pools small machines into one host for a large language model", ".SH SYNOPSIS",
        "\\fBshoal\\fR \\fIcommand\\fR [\\fIoptions\\fR]", ".SH DESCRIPTION",
        "A coordinator splits a model's layers over workers, sends activations from worker to worker, and answers an OpenAI\\-compatible API on the local network.",
        ".PP", *paragraphs(command.get("discussion")), ".PP",
        "With the Debian package,",
        "\\fBsudo shoal init\\fR makes the cluster's authority and starts shoal\\-coordinator.service;",
        "\\fBsudo shoal join HOST\\fR shows a code on a device,",
        "\\fBsudo shoal approve CODE\\fR lets it in there, and shoal\\-worker.service starts on it.",
        "As root, commands work in the services' folders, as the user that these belong to.",
        ".SH COMMANDS",
    ]
    for sub in command.get("subcommands", []):
        if sub["commandName"] != "help" and sub.get("shouldDisplay", True):
            lines += command_section(sub, [command["commandName"]])
    lines += [".SH EXIT STATUS", "0 when it was done, 1 when it failed, 2 for wrong usage, 3 of a worker whose device was removed from its cluster.", ".SH ENVIRONMENT"]
    for variable, text in ENVIRONMENT:
        lines += [".TP", f"\\fB{escaped(variable)}\\fR", escaped(text)]
    lines.append(".SH FILES")
    for path, text in FILES:
        lines += [".TP", f"\\fI{escaped(path)}\\fR", escaped(text)]
    print("\n".join(line for line in lines if line))


main()
