import ModelParts
import ArgumentParser
import CoordinatorCore
import Wire

/// How it is computed, in this process and on workers.
struct ComputeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Threads that compute in this process (default: the physical cores it may use).", valueName: "N"))
    var threads: Int?

    @OptionGroup var pinning: PinningOptions

    @Option(
        help: ArgumentHelp(
            "Positions a sequence may have (default: what the model was trained for, \(CoordinatorConfiguration.defaultContext) at most).",
            valueName: "TOKENS"))
    var context: Int?

    @Option(help: ArgumentHelp("The arithmetic: int8 (fast) or f32 (exact, slow).", valueName: "MODE"))
    var compute: ComputeChoice = .int8

    @Option(
        name: .customLong("kv-type"),
        help: ArgumentHelp(
            "What the key-value cache holds: f16 (the default), or q8_0 in 53% of its memory (with --compute f32 it is f32).",
            valueName: "TYPE"))
    var keyValueType: KeyValueChoice?

    func validate() throws {
        if compute == .f32, keyValueType == .q8_0 {
            throw ValidationError("--kv-type q8_0 goes with --compute int8: the exact mode keeps its cache in f32")
        }
        try ValueBounds.threads(threads)
        try ValueBounds.context(context)
    }
}

/// Where the threads run.
struct PinningOptions: ParsableArguments {
    @Flag(
        name: .customLong("pin-threads"),
        help:
            "Keeps every thread that computes in this process on a core of its own: for a machine that does nothing else."
    )
    var isOn = false
}

enum ComputeChoice: String, ExpressibleByArgument, CaseIterable {
    case int8, f32

    var mode: ComputeMode {
        switch self {
        case .int8: .int8
        case .f32: .f32
        }
    }
}

enum KeyValueChoice: String, ExpressibleByArgument, CaseIterable {
    case f16
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q8_0

    var mode: KeyValueType {
        switch self {
        case .f16: .standard
        case .q8_0: .q8_0
        }
    }
}
