import Identity

/// What is typed as a code, and what peers say while a device waits for one to be typed. An odd first byte: the rest are messages, each a
/// byte that says which, and what is wrong with it; else it is a text.
package struct PairingFuzz: FuzzFormat {
    package static let name = "pairing"
    /// Points are multiplied, some 20 of them.
    package static var cost: Int { 20 }

    private let code = PairingCode(place: 7)
    private let other = PairingCode(place: 8)
    private let context = PairingContext(certificate: [0x30], name: "pi3", port: 7077)
    private let statement = PairingStatement(fingerprint: [UInt8](repeating: 7, count: 32), seconds: 1_700_000_000)

    package init() throws {}

    package var corpus: [[UInt8]] {
        [
            [0] + Array("K7QX-M2VD".utf8), [0] + Array(" k7qx m2vd".utf8), [1, 0, 2, 4],
            [1, 1, 2, 4, 1, 2, 4, 0, 2, 4],
            [1, 0, 2, 3, 4, 2, 0], [1, 1, 3, 0, 3, 7, 11, 15],
        ]
    }

    package let words: [[UInt8]] = ["-", " ", "O", "il", "\u{131}", "ß", "é"].map { Array($0.utf8) }

    package var extremes: [[UInt8]] {
        [
            [0] + [UInt8](repeating: UInt8(ascii: "-"), count: 1 << 20),
            [0] + [UInt8](repeating: UInt8(ascii: "7"), count: 1 << 20), [1] + [UInt8](repeating: 1, count: 1 << 16),
        ]
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let first = input.first else { return .refused }
        return first % 2 == 0 ? type(String(decoding: input.dropFirst(), as: UTF8.self)) : talk(input.dropFirst())
    }

    private func type(_ text: String) -> FuzzOutcome {
        guard let code = PairingCode(parsing: text) else { return .refused }
        precondition(
            PairingCode(parsing: code.text) == code && code.text.utf8.count == 9, "a code is another when shown")
        precondition((0..<PairingCode.places).contains(code.place), "place \(code.place)")
        return .accepted
    }

    /// Both sides, with messages that are kept, changed and sent again: the device joins only where the right code was typed, no more than
    /// three codes are, and what was changed lets nobody in.
    private func talk(_ bytes: ArraySlice<UInt8>) -> FuzzOutcome {
        var device = PairingDevice(code: code, context: context)
        var coordinator = PairingCoordinator(context: context)
        var (opening, proof): (PairingOpening?, PairingProof?)
        var confirmation: [UInt8]?
        var typed = 0
        var secret: [UInt8]?
        for byte in bytes.prefix(64) {
            let flaw = Int(byte >> 3)
            switch byte & 7 {
            case 0, 1:
                guard coordinator.isOpen else { continue }
                typed += 1
                opening = coordinator.typed(byte & 1 == 0 ? code : other, statement: statement)
                if flaw > 0, flaw < 17 { opening?.share[flaw] ^= 1 << 3 }
                if flaw >= 17 { opening?.statement.fingerprint[flaw] ^= 1 }
            case 2, 3:
                guard let sent = opening, case .answer(let answer) = device.received(sent) else { continue }
                proof = answer
                if flaw > 0 { proof?.confirmation[flaw] ^= 1 }
            case 4, 5:
                guard let sent = proof else { continue }
                switch coordinator.received(sent) {
                case .admit(let common, let word):
                    precondition(secret == nil, "a device is let in twice")
                    secret = common
                    confirmation = word
                    if flaw > 0 { confirmation?[flaw] ^= 1 }
                case .refuse(let left):
                    precondition(left == PairingDevice.tries - typed, "\(left) tries after \(typed) codes")
                    confirmation = []
                case .end: break
                }
            default:
                guard let sent = confirmation else { continue }
                if case .join(let common, let said) = device.received(confirmation: sent) {
                    precondition(common == secret && said == statement, "a device joins by another secret")
                    return .accepted
                }
            }
        }
        precondition(typed <= PairingDevice.tries, "\(typed) codes were typed for one device")
        return .refused
    }
}
