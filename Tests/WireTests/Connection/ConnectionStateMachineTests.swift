import Testing
import Wire

@Suite struct ConnectionStateMachineTests {
    private let hello = Hello(role: .coordinator, session: 7, name: "lap", softwareVersion: "0.1.0")
    private let welcome = Welcome(version: 1, name: "pi1", softwareVersion: "0.1.0")

    @Test func `Both sides open after a hello and a welcome`() {
        var dialing = ConnectionStateMachine.dialing(hello)
        var accepting = ConnectionStateMachine.accepting()
        #expect(accepting.connected() == .none)
        #expect(dialing.connected() == .send(ControlMessage(body: .hello(hello))))
        #expect(accepting.received(frame(.hello(hello))) == .decide(hello))
        #expect(!accepting.isOpen)
        var asked = welcome
        asked.version = 99
        #expect(
            accepting.decided(.success(asked))
                == .open(version: 1, welcome, send: ControlMessage(body: .welcome(welcome))))
        #expect(dialing.received(frame(.welcome(welcome))) == .open(version: 1, welcome, send: nil))
        #expect(dialing.isOpen && accepting.isOpen)
        let step = Frame.step(Samples.step())
        #expect(dialing.received(step) == .deliver(step))
        #expect(dialing.disconnected() == .close(nil, send: nil))
        #expect(dialing.received(step) == .none)
        #expect(dialing.disconnected() == .none)
    }

    @Test(arguments: [(UInt32(2), UInt32(3), "upgrade Shoal on the device that lap dialed"), (9, 9, "version 9,")])
    func `A version range without a common one is refused with both named`(
        lowest: UInt32, highest: UInt32, text: String
    ) {
        var accepting = ConnectionStateMachine.accepting()
        _ = accepting.connected()
        var hello = hello
        (hello.lowestVersion, hello.highestVersion) = (lowest, highest)
        guard case .close(.refusing(let refusal), let message?) = accepting.received(frame(.hello(hello))) else {
            Issue.record("not refused")
            return
        }
        #expect(message.body == .refusal(refusal))
        #expect(refusal.code == .versionMismatch)
        #expect(refusal.message.contains(text) && refusal.message.contains("this side 1;"), "\(refusal.message)")
        #expect((refusal.lowestVersion, refusal.highestVersion) == (1, 1))
    }

    @Test func `The highest common version is taken`() {
        var accepting = ConnectionStateMachine.accepting()
        _ = accepting.connected()
        var hello = hello
        (hello.lowestVersion, hello.highestVersion) = (1, 200)
        #expect(accepting.received(frame(.hello(hello))) == .decide(hello))
        guard case .open(let version, _, _) = accepting.decided(.success(welcome)) else {
            Issue.record("not open")
            return
        }
        #expect(version == 1)
    }

    @Test func `A version that was not offered closes the connection`() {
        var dialing = ConnectionStateMachine.dialing(hello)
        _ = dialing.connected()
        var later = welcome
        later.version = 2
        #expect(dialing.received(frame(.welcome(later))) == .close(.versionNotOffered(2), send: nil))
    }

    @Test func `A refusal by the owner is sent, a refusal by the peer is told`() {
        let refusal = Refusal(code: .busy, message: "lap2 has this worker")
        var accepting = ConnectionStateMachine.accepting()
        _ = accepting.connected()
        _ = accepting.received(frame(.hello(hello)))
        #expect(
            accepting.decided(.failure(refusal))
                == .close(.refusing(refusal), send: ControlMessage(body: .refusal(refusal))))
        var dialing = ConnectionStateMachine.dialing(hello)
        _ = dialing.connected()
        #expect(dialing.received(frame(.refusal(refusal))) == .close(.refused(refusal), send: nil))
    }

    @Test(arguments: Samples.frames) func `Before the handshake is done every other frame closes`(frame: Frame) {
        var dialing = ConnectionStateMachine.dialing(hello)
        var accepting = ConnectionStateMachine.accepting()
        _ = (dialing.connected(), accepting.connected())
        let (toDialing, toAccepting) = (dialing.received(frame), accepting.received(frame))
        guard case .control(let message) = frame else {
            #expect(toDialing == .close(.unexpectedFrame(frame.summary), send: nil))
            #expect(toAccepting == .close(.unexpectedFrame(frame.summary), send: nil))
            return
        }
        switch message.body {
        case .hello:
            #expect(toDialing == .close(.unexpectedFrame("a control message hello"), send: nil))
        case .welcome, .refusal:
            #expect(toAccepting == .close(.unexpectedFrame(frame.summary), send: nil))
        default:
            #expect(toDialing == .close(.unexpectedFrame(frame.summary), send: nil))
            #expect(toAccepting == .close(.unexpectedFrame(frame.summary), send: nil))
        }
    }

    @Test func `A second hello, in the handshake or after it, closes`() {
        var accepting = ConnectionStateMachine.accepting()
        _ = accepting.connected()
        _ = accepting.received(frame(.hello(hello)))
        var open = accepting
        #expect(
            accepting.received(frame(.hello(hello))) == .close(.unexpectedFrame("a control message hello"), send: nil))
        #expect(accepting.decided(.success(welcome)) == .none)
        _ = open.decided(.success(welcome))
        #expect(open.received(frame(.hello(hello))) == .close(.unexpectedFrame("a control message hello"), send: nil))
    }

    @Test func `Garbage, silence and a hang-up end the handshake with their own errors`() {
        let garbage = WireError(.notShoal, "bytes 00")
        var machine = ConnectionStateMachine.accepting()
        _ = machine.connected()
        var (cut, silent, gone, senseless) = (machine, machine, machine, machine)
        #expect(machine.received(garbage) == .close(.wire(garbage), send: nil))
        #expect(machine.received(garbage) == .none)
        #expect(cut.received(WireError(.truncated, "")) == .close(.closedDuringHandshake, send: nil))
        #expect(silent.handshakeDeadlinePassed() == .close(.handshakeTimeout, send: nil))
        #expect(gone.disconnected() == .close(.closedDuringHandshake, send: nil))
        guard case .close(.refusing(let refusal), _?) = senseless.received(WireError(.valueOutOfRange, "Hello.role: 9"))
        else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.code == .badHello)
    }

    @Test func `The handshake's deadline means nothing once it is done`() {
        var dialing = ConnectionStateMachine.dialing(hello)
        _ = dialing.connected()
        _ = dialing.received(frame(.welcome(welcome)))
        #expect(dialing.handshakeDeadlinePassed() == .none)
        #expect(dialing.isOpen)
    }

    private func frame(_ body: ControlBody) -> Frame { .control(ControlMessage(body: body)) }
}
