/// The system and the processor.
extension Check {
    /// 2026-01-01: nothing of this program is older.
    private static let earliest = 1_767_225_600
    private static let setClock = "sudo timedatectl set-ntp true; see: timedatectl status"

    static let clock = Check("clock") { facts in
        if let now = facts.clock.seconds, now < earliest {
            return (.problem, "the clock is years behind, so that no certificate is valid", setClock)
        }
        guard facts.clock.isSynchronized == false else { return nil }
        return (.hint, "nothing keeps the clock right", setClock)
    }

    static let certificate = Check("certificate") { facts in
        guard let certificate = facts.certificate, let now = facts.clock.seconds else { return nil }
        if now < certificate.lowerBound {
            return (.problem, "the clock is before this device's certificate begins: it is behind", setClock)
        }
        guard now > certificate.upperBound else { return nil }
        return (
            .problem, "this device's certificate has expired, or the clock is ahead",
            "see: timedatectl status; where that is right, join anew: shoal token there, shoal join here"
        )
    }

    static let userland = Check("userland") { facts in
        guard facts.userlandBits == 32, let architecture = facts.architecture else { return nil }
        let is64 = ["aarch64", "x86_64"].contains(architecture)
        return (
            .problem, is64 ? "a 32-bit system runs on this 64-bit processor" : "this is a 32-bit system",
            is64
                ? "install the 64-bit system: Raspberry Pi OS (64-bit), or Debian's arm64"
                : "Shoal needs a 64-bit processor and system: use another device"
        )
    }

    static let instructions = Check("instructions") { facts in
        guard let architecture = facts.architecture, !facts.instructions.isEmpty else { return nil }
        if architecture == "aarch64", !facts.instructions.contains("asimddp") {
            return (
                .hint,
                "the processor has no dotprod instructions (a Raspberry Pi 4 has none), so that prompts take long on it",
                "nothing mends it: the planner gives it fewer layers; a Raspberry Pi 5 has them"
            )
        }
        if architecture == "x86_64", !facts.instructions.contains("avx2") {
            return (
                .hint, "the processor has no AVX2 instructions, so that portable code computes on it, slowly",
                "nothing mends it: the planner gives it fewer layers"
            )
        }
        return nil
    }
}
