"""What people do with a shelf, in the order in which they do it."""
import json
import signal
import time

from shelf import DEVICES, wait

QUESTION = "Name three colours."


def from_nothing_to_an_answer(shelf):
    """Six commands, and nothing was there before."""
    started = time.monotonic()
    shelf.ask("lap", "init")
    serve = shelf.at("lap", "serve", "--slots", "2", "--threads", "1")
    shelf.keep("serve", serve)
    serve.expect("7078")
    shelf.join("pi1")
    worker = shelf.worker("pi1")
    wait(lambda: shelf.devices().get("pi1", {}).get("reachable", "pi1" in shelf.devices()), "pi1 to be there", lambda: worker.text)
    answer = shelf.ask("lap", "run", shelf.model, QUESTION, "--max-tokens", "16")
    assert len(answer.split()) > 5, answer
    print(f"        from nothing to the end of an answer: {time.monotonic() - started:.1f} s, six commands", flush=True)


def the_others_join(shelf):
    for device in DEVICES[1:]:
        shelf.join(device)
        shelf.worker(device)
    wait(lambda: set(shelf.devices()) >= set(DEVICES), "four devices")
    # By hand, so that each has a part.
    pins = ("--pin", "0-7=pi1", "--pin", "8-15=pi2", "--pin", "16-22=pi3", "--pin", "23-29=pi4")
    planned = shelf.ask("lap", "place", shelf.model, *pins, "--dry-run")
    assert all(device in planned for device in DEVICES), planned
    placed = shelf.ask("lap", "place", shelf.model, *pins)
    assert all(device in placed for device in DEVICES) and "is ready after" in placed, placed


def all_that_is_shown_fits(shelf):
    for command in (
        ["devices"], ["status"], ["models"], ["events"], ["plan", shelf.model], ["doctor", "--all"], ["token", "--list"], ["key", "list"], ["--help"], ["version"],
    ):
        # The doctor finds something on a machine that is not real.
        terminal = shelf.at("lap", *command)
        status = terminal.end(90)
        shelf.capture("lap", terminal)
        assert status == 0 or command[0] == "doctor", f"{command}: {status}\n{terminal.text}"
        shelf.fits(terminal)


def answers_outlive(shelf, disturb, pattern):
    """A long answer is read while something happens; it comes whole, and the events tell of it."""
    arguments = ("run", "Write a long story about a lighthouse.", "--max-tokens", "300", "--temperature", "0", "--seed", "1")
    before = shelf.chapters()
    reader = shelf.at("lap", *arguments)
    wait(lambda: reader.read() and len(reader.text) > 150, "an answer to begin", lambda: reader.text)
    disturb()
    assert reader.end(120) == 0, reader.text
    shelf.happens(pattern, before)
    return reader.text


def a_device_is_killed(shelf):
    def kill():
        shelf.running["pi2"].process.send_signal(signal.SIGKILL)

    disturbed = answers_outlive(shelf, kill, r"pi2.*(lost|left|ended|gone)")
    shelf.worker("pi2")
    shelf.happens(r"pi2.*(back|joined|there again)")
    assert disturbed == answers_outlive(shelf, lambda: None, ""), "an answer changed when a device was lost"


def a_cable_is_pulled(shelf):
    answers_outlive(shelf, lambda: shelf.cut("pi3"), r"pi3.*(lost|left|ended|gone)")
    before = shelf.chapters()
    shelf.heal("pi3")
    shelf.happens(r"pi3.*(back|there again)", before)


def a_device_is_drained(shelf):
    drained = shelf.ask("lap", "drain", "pi4")
    assert "pi4" in drained, drained
    assert "drained" in shelf.ask("lap", "devices")
    shelf.ask("lap", "drain", "pi4", "--undo")


def a_device_is_removed_and_let_in_again(shelf):
    shelf.ask("lap", "remove", "pi4")
    worker = shelf.running.pop("pi4")
    assert worker.end() != 0
    assert "removed" in worker.text, worker.text
    shelf.fits(worker)
    shelf.join("pi4")
    shelf.worker("pi4")
    wait(lambda: "pi4" in shelf.devices(), "pi4 to be there again")


def what_is_wrong_is_told(shelf):
    """A wrong port, a wrong code, a used and a revoked token, a token again."""
    told = shelf.ask("pi4", "join", "lap:9", "--data-dir", "other", status=1)
    assert "lap:9" in told or "10.77.0.1:9" in told, told
    told = shelf.ask("lap", "approve", "K7QX-M2VD", status=1)
    assert "shoal join" in told or "waits" in told, told
    token = shelf.machines["lap"].run(shelf.shoal, "token").stdout.strip()
    shelf.machines["pi4"].run(shelf.shoal, "join", token, "--name", "second", "--data-dir", "second")
    told = shelf.ask("pi4", "join", token, "--name", "third", "--data-dir", "third", status=1, may_be_wide=True)
    assert "used" in told, told
    shelf.ask("lap", "remove", "second")
    unused = shelf.machines["lap"].run(shelf.shoal, "token").stdout.strip()
    shelf.ask("lap", "token", "--revoke", "all")
    told = shelf.ask("pi4", "join", unused, "--name", "fourth", "--data-dir", "fourth", status=1, may_be_wide=True)
    assert "token" in told, told


def clocks_are_told(shelf):
    """A device whose clock stands in 1970 joins by the coordinator's time, and is told."""
    environment = shelf.set_clock(-int(time.time()))
    asking = shelf.at("pi4", "join", "lap", "--name", "late", "--data-dir", "late", environment=environment)
    code = asking.expect(r"shoal approve ([A-Z0-9]{4}-[A-Z0-9]{4})").group(1)
    shelf.ask("lap", "approve", code)
    asking.end()
    shelf.capture("pi4", asking)
    assert "clock" in asking.text and "1970" in asking.text, asking.text
    shelf.ask("lap", "remove", "late")


def owners_need_no_key(shelf):
    key = shelf.machines["lap"].run(shelf.shoal, "key", "add", "phone").stdout.strip()
    wait(lambda: "401" in shelf.machines["lap"].run(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8080/v1/models").stdout, "the key to be asked for")
    shelf.ask("lap", "status")
    assert shelf.ask("lap", "run", QUESTION, "--max-tokens", "8").strip()
    answer = shelf.machines["lap"].run(
        "curl", "-s", "-H", f"Authorization: Bearer {key}", "http://127.0.0.1:8080/v1/models").stdout
    assert json.loads(answer)["data"], answer
    shelf.ask("lap", "key", "remove", "phone")


def a_full_disk_is_told(shelf):
    """A device whose disk holds no layer is done without, or the refusal names the disk."""
    machine = shelf.machines["pi4"]
    small = machine.folder / "small"
    small.mkdir()
    shelf.lab.inside(machine.space, "mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", str(small))
    asking = shelf.at("pi4", "join", "lap", "--name", "small", "--data-dir", str(small))
    code = asking.expect(r"shoal approve ([A-Z0-9]{4}-[A-Z0-9]{4})").group(1)
    shelf.ask("lap", "approve", code)
    assert asking.end() == 0, asking.text
    worker = shelf.at(
        "pi4", "worker", "--threads", "1", "--memory", "512MiB", "--no-announce", "--data-dir", str(small), "--listen", "0.0.0.0:7177")
    shelf.keep("small", worker)
    wait(lambda: "small" in shelf.devices(), "the device to be there", lambda: worker.text)
    told = shelf.ask("lap", "place", shelf.model, "--pin", "0-29=small", status=1, may_be_wide=True)
    assert "on small" in told.replace("\n", " ") and "disk" in told, told
    # What was placed before is still served.
    assert shelf.ask("lap", "run", QUESTION, "--max-tokens", "8").strip()
    shelf.ask("lap", "remove", "small")


def it_ends_in_order(shelf):
    serve = shelf.running["serve"]
    serve.type("\x03")
    assert serve.end(60) == 0, serve.text[-2000:]
    shelf.fits(serve)


FIRST = [from_nothing_to_an_answer, the_others_join]
ALL = FIRST + [
    all_that_is_shown_fits, a_device_is_killed, a_cable_is_pulled, a_device_is_drained, a_device_is_removed_and_let_in_again,
    what_is_wrong_is_told, clocks_are_told, owners_need_no_key, a_full_disk_is_told, it_ends_in_order,
]
