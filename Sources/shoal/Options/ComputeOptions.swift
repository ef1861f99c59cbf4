import ArgumentParser
import CoordinatorCore
import Wire

/// How it is computed, in this process and on workers.
struct ComputeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Threads that compute in this process (default: the physical cores it may use).", valueName: "N"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Positions a sequence may have (default: what the model was trained for, \(CoordinatorConfiguration.defaultContext) at most).",
            valueName: "TOKENS"))
    var context: Int?

    @Option(help: ArgumentHelp("The arithmetic: int8 (fast) or f32 (exact, slow).", valueName: "MODE"))
    var compute: ComputeChoice = .int8

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads takes 1 to 1024, not \(threads)")
        }
        if let context, !(1...1 << 24).contains(context) {
            throw ValidationError("--context takes 1 to \(1 << 24), not \(context)")
        }
    }
}

enum ComputeChoice: String, ExpressibleByArgument, CaseIterable {
    case int8, f32

    var mode: ComputeMode { self == .f32 ? .f32 : .int8 }
}

/// Whether links may be plain.
struct LinkOptions: ParsableArguments {
    @Flag(help: "Accept links that are neither encrypted nor authenticated: for networks you trust.")
    var insecure = false

    /// Says once what plain links mean, unless `--insecure` acknowledged it. There is no other kind yet.
    func warn(when plainLinksAreUsed: Bool) {
        guard plainLinksAreUsed, !insecure else { return }
        Console.error(
            "warning: links between devices are not encrypted yet, and whoever reaches a worker can use it; "
                + "--insecure says that you trust this network")
    }
}
