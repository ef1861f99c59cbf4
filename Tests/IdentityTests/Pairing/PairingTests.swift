import Identity
import TestSupport
import Testing

/// Both sides of letting a device in by a code, without a network.
@Suite struct PairingTests {
    private let code = PairingCode(parsing: "K7QX-M2VD")!
    private let other = PairingCode(parsing: "K7QX-M2VE")!
    private let context = PairingContext(certificate: [0x30, 1], name: "pi3", port: 7077)
    private let statement = PairingStatement(fingerprint: [UInt8](repeating: 7, count: 32), seconds: 1_700_000_000)

    private struct Sides {
        var device: PairingDevice
        var coordinator: PairingCoordinator
    }

    private func sides(_ context: PairingContext? = nil, deviceSees: PairingContext? = nil) -> Sides {
        Sides(
            device: PairingDevice(code: code, context: deviceSees ?? self.context),
            coordinator: PairingCoordinator(context: context ?? self.context))
    }

    /// Plays a try to the device's answer.
    private func proof(_ sides: inout Sides, _ code: PairingCode) throws -> PairingProof {
        let opening = sides.coordinator.typed(code, statement: statement)
        guard case .answer(let proof) = sides.device.received(opening) else { throw Unexpected() }
        return proof
    }

    private struct Unexpected: Error {}

    @Test func `The right code gives both sides one secret, and the device the coordinator's word`() throws {
        var sides = sides()
        let proof = try proof(&sides, code)
        guard case .admit(let secret, let confirmation) = sides.coordinator.received(proof) else { throw Unexpected() }
        #expect(secret.count == JoinToken.secretBytes)
        #expect(sides.device.received(confirmation: confirmation) == .join(secret: secret, statement: statement))
        // Once is enough.
        #expect(sides.device.received(confirmation: confirmation) == .end(.violation))
        #expect(sides.coordinator.received(proof) == .end)
        #expect(!sides.coordinator.isOpen)
    }

    @Test func `Secrets and messages of two exchanges have nothing in common`() throws {
        var secrets: Set<[UInt8]> = []
        for _ in 0..<8 {
            var sides = sides()
            let proof = try proof(&sides, code)
            guard case .admit(let secret, let confirmation) = sides.coordinator.received(proof) else {
                throw Unexpected()
            }
            secrets.formUnion([secret, confirmation, proof.share, proof.confirmation])
        }
        #expect(secrets.count == 32)
    }

    @Test func `After three wrong codes it is over, on both sides`() throws {
        var sides = sides()
        for left in [2, 1] {
            let proof = try proof(&sides, other)
            #expect(sides.coordinator.received(proof) == .refuse(triesLeft: left))
            #expect(sides.device.received(confirmation: []) == .wait(triesLeft: left))
        }
        let last = try proof(&sides, other)
        #expect(sides.coordinator.received(last) == .refuse(triesLeft: 0))
        #expect(sides.device.received(confirmation: []) == .end(.tooManyTries))
        #expect(!sides.coordinator.isOpen)
        // Nor does the right one help then.
        var again = PairingCoordinator(context: context)
        #expect(sides.device.received(again.typed(code, statement: statement)) == .end(.violation))
    }

    @Test func `The right code after two wrong ones lets the device in`() throws {
        var sides = sides()
        for _ in 0..<2 {
            _ = sides.coordinator.received(try proof(&sides, other))
            _ = sides.device.received(confirmation: [])
        }
        guard case .admit(let secret, let confirmation) = sides.coordinator.received(try proof(&sides, code)) else {
            throw Unexpected()
        }
        #expect(sides.device.received(confirmation: confirmation) == .join(secret: secret, statement: statement))
    }

    @Test func `A coordinator that does not know the code is found out`() throws {
        // It says that the code was right, with whatever proof.
        var sides = sides()
        let proof = try proof(&sides, other)
        #expect(sides.coordinator.received(proof) == .refuse(triesLeft: 2))
        var copy = sides.device
        #expect(copy.received(confirmation: [UInt8](repeating: 0, count: 64)) == .end(.notAuthentic))
        // The device's own proof sent back to it, too.
        #expect(sides.device.received(confirmation: proof.confirmation) == .end(.notAuthentic))
    }

    @Test func `Somebody between, who shows a certificate of its own, is found out though all messages pass`() throws {
        var between = context
        between.certificateHash[0] ^= 1
        var sides = sides(deviceSees: between)
        let proof = try proof(&sides, code)
        #expect(sides.coordinator.received(proof) == .refuse(triesLeft: 2))
    }

    @Test(arguments: ["name", "port"])
    func `What the device said of itself is bound to the code`(what: String) throws {
        var changed = context
        if what == "name" { changed.name = "pi4" } else { changed.port = 7078 }
        var sides = sides(changed)
        let proof = try proof(&sides, code)
        #expect(sides.coordinator.received(proof) == .refuse(triesLeft: 2))
    }

    @Test func `No byte of any message may be changed`() throws {
        for byte in 0..<32 {
            var sides = sides()
            var opening = sides.coordinator.typed(code, statement: statement)
            opening.statement.fingerprint[byte] ^= 0x10
            guard case .answer(let proof) = sides.device.received(opening) else { throw Unexpected() }
            #expect(sides.coordinator.received(proof) == .refuse(triesLeft: 2))
        }
        for change in 0..<3 {
            var sides = sides()
            var opening = sides.coordinator.typed(code, statement: statement)
            switch change {
            case 0: opening.statement.seconds += 1
            case 1: opening.session[15] ^= 1
            default: opening.share = CPace.Half(password: [1], channel: [], session: []).share
            }
            guard case .answer(let proof) = sides.device.received(opening) else { throw Unexpected() }
            #expect(sides.coordinator.received(proof) == .refuse(triesLeft: 2))
        }
        for byte in 0..<64 {
            var sides = sides()
            var proof = try proof(&sides, code)
            proof.confirmation[byte] ^= 1
            #expect(sides.coordinator.received(proof) == .refuse(triesLeft: 2))
        }
        for byte in 0..<64 {
            var sides = sides()
            guard case .admit(_, var confirmation) = sides.coordinator.received(try proof(&sides, code)) else {
                throw Unexpected()
            }
            confirmation[byte] ^= 1
            #expect(sides.device.received(confirmation: confirmation) == .end(.notAuthentic))
        }
    }

    @Test func `Shares that are no points end it, and so do one's own`() throws {
        let neutral = [UInt8](repeating: 0, count: 32)
        let noPoint = [UInt8](hex: "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c")
        for share in [neutral, noPoint, [], [UInt8](repeating: 255, count: 32)] {
            var sides = sides()
            var opening = sides.coordinator.typed(code, statement: statement)
            opening.share = share
            #expect(sides.device.received(opening) == .end(.violation))
            #expect(
                sides.coordinator.received(PairingProof(share: share, confirmation: [UInt8](repeating: 1, count: 64)))
                    == .end)
        }
        // A coordinator that is sent its own share: whoever reflects it knows no key.
        var sides = sides()
        let opening = sides.coordinator.typed(code, statement: statement)
        #expect(
            sides.coordinator.received(PairingProof(share: opening.share, confirmation: opening.share + opening.share))
                == .end)
    }

    @Test func `A proof of an earlier try is none for this one`() throws {
        var sides = sides()
        let earlier = try proof(&sides, code)
        var again = PairingCoordinator(context: context)
        _ = again.typed(code, statement: statement)
        #expect(again.received(earlier) == .refuse(triesLeft: 2))
    }

    @Test func `What is out of turn ends it`() throws {
        var sides = sides()
        #expect(sides.device.received(confirmation: []) == .end(.violation))
        sides = self.sides()
        let opening = sides.coordinator.typed(code, statement: statement)
        _ = sides.device.received(opening)
        #expect(sides.device.received(opening) == .end(.violation))
        var early = PairingCoordinator(context: context)
        #expect(early.received(PairingProof(share: opening.share, confirmation: [])) == .end)
        #expect(!early.isOpen)
    }
}

/// What people read and type.
@Suite struct PairingCodeTests {
    @Test(arguments: ["K7QX-M2VD", "k7qxm2vd", " k7qx m2vd ", "K7-QX-M2-VD", "k7qx-m2ud"])
    func `A code is read as people type it`(text: String) {
        #expect(PairingCode(parsing: text)?.text == "K7QX-M2VD")
    }

    @Test func `Letters that look alike are one`() {
        #expect(PairingCode(parsing: "oOiI-lLuU")?.text == "0011-11VV")
    }

    @Test(arguments: [
        "", "K7QX-M2V", "K7QX-M2VDD", "K7QX_M2VD", "K7QX-M2V\u{c4}", "shoal1.abc", "K7QX\nM2VD",
        String(repeating: "-", count: 100) + "K7QXM2VD",
    ])
    func `What is no code is none`(text: String) {
        #expect(PairingCode(parsing: text) == nil)
    }

    @Test func `The first letter is the place, the others are 35 random bits`() throws {
        var generator = SeededGenerator(seed: 7)
        var letters: [Set<Character>] = Array(repeating: [], count: 9)
        for round in 0..<1_000 {
            let code = PairingCode(place: round % 32, using: &generator)
            #expect(code.place == round % 32 && PairingCode(parsing: code.text) == code)
            for (index, letter) in code.text.enumerated() { letters[index].insert(letter) }
        }
        #expect(letters.map(\.count) == [32, 32, 32, 32, 1, 32, 32, 32, 32])
        #expect(letters.reduce(Set()) { $0.union($1) }.isDisjoint(with: "ILOU"))
    }

    @Test func `No description tells the code`() {
        let code = PairingCode(place: 3)
        let secret = code.text.suffix(4)
        #expect(!"\(code)".contains(secret) && !String(reflecting: code).contains(secret))
    }
}

@Suite struct ClockComparisonTests {
    @Test func `Clocks are told of that are further apart than a minute, and endanger links from a day on`() {
        for (apart, isTold, endangers) in [
            (0, false, false), (60, false, false), (61, true, false), (86_400, true, false), (86_401, true, true),
        ] as [(Int64, Bool, Bool)] {
            for sign: Int64 in [1, -1] {
                let clocks = ClockComparison(device: 1_800_000_000 + sign * apart, coordinator: 1_800_000_000)
                #expect(clocks.isTold == isTold && clocks.endangersLinks == endangers, "\(sign * apart)")
            }
        }
        #expect(ClockComparison(device: .max, coordinator: 0).endangersLinks)
        #expect(ClockComparison(device: .min, coordinator: 1).isTold)
    }

    @Test func `Both times are told`() {
        let clocks = ClockComparison(device: 75, coordinator: 1_796_072_709)
        #expect(
            clocks.summary
                == "says 1970-01-01 00:01:15Z, the coordinator's says 2026-11-30 21:05:09Z: 56 years behind")
        #expect(
            ClockComparison(device: 1_796_072_709 + 3 * 86_400, coordinator: 1_796_072_709).summary.hasSuffix(
                "3 days ahead"))
    }
}
