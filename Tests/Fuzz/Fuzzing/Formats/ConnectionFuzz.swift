import NIOCore
import Wire

/// Events of a connection in any order: each byte is one. What the owner would get wrong itself is left out.
package struct ConnectionFuzz: FuzzFormat {
    package static let name = "connection"

    package let corpus: [[UInt8]]
    private let hello = Hello(role: .coordinator, session: 7, name: "lap", softwareVersion: "0.1.0")

    package init() throws {
        corpus = [[0, 0, 250, 9, 9, 254], [1, 1, 9, 9, 253], [1, 2, 9], [0, 255, 0], [1, 249, 9], [0, 0, 251, 9]]
    }

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        (0..<1 + random.below(24)).map { _ in random.oneIn(3) ? UInt8(248 + random.below(8)) : UInt8(random.below(8)) }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let first = input.first else { return .refused }
        var machine = first % 2 == 0 ? ConnectionStateMachine.accepting() : .dialing(hello)
        var (opened, closed, deciding) = (false, false, false)
        func check(_ action: ConnectionStateMachine.Action) {
            if closed { precondition(action == .none, "\(action) after the end") }
            deciding = false
            switch action {
            case .none, .send: break
            case .decide:
                precondition(!opened, "asked after the handshake")
                deciding = true
            case .open:
                precondition(!opened, "opened twice")
                opened = true
            case .deliver: precondition(opened, "delivered before the handshake was done")
            case .close: closed = true
            }
            precondition(machine.isOpen == (opened && !closed))
        }
        check(machine.connected())
        for byte in input.dropFirst() {
            switch byte {
            case 250:
                if deciding { check(machine.decided(.success(Welcome(version: 1, name: "pi", softwareVersion: "1")))) }
            case 251: if deciding { check(machine.decided(.failure(Refusal(code: .busy, message: "no")))) }
            case 252: check(machine.received(WireError(.truncated, "cut")))
            case 253: check(machine.received(WireError(.malformedMessage, "wrong")))
            case 254: check(machine.disconnected())
            case 255: check(machine.handshakeDeadlinePassed())
            case 249: check(machine.received(.control(ControlMessage(body: .hello(strange)))))
            case 248: check(machine.received(WireError(.valueOutOfRange, "role 9")))
            default: check(machine.received(Samples.frames[Int(byte) % Samples.frames.count]))
            }
        }
        return opened ? .accepted : .refused
    }

    private var strange: Hello {
        Hello(lowestVersion: 9, highestVersion: .max, role: .upstream, session: 0, name: "x", softwareVersion: "")
    }
}
