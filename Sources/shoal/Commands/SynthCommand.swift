import ArgumentParser
import Formats
import Placement
import Synth

struct SynthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth", abstract: "Writes a big model with random weights, to measure with.",
        discussion: "Example: shoal synth --shape llama2-13b --type Q4_0 /tmp/llama2-13b.Q4_0.gguf")

    @Option(help: "Whose dimensions it has.") var shape: ModelShape
    @Option(help: "The type of its matrices: \(RandomBlocks.types.map(\.name).joined(separator: ", ")).")
    var type: SynthType
    @Option(help: ArgumentHelp("Fewer layers than the shape has, for a smaller file.", valueName: "N")) var layers: Int?
    @Flag(help: "All weights are zeros that take nothing of the disk: enough for `plan` and `inspect`.") var noWeights =
        false
    @Option(help: "Another seed gives other weights.") var seed: UInt64 = 1
    @Argument(help: ArgumentHelp("The GGUF file to write.", valueName: "OUT")) var output: String

    func validate() throws {
        let all = shape.dimensions.layers
        if let layers, !(1...all).contains(layers) {
            throw ValidationError("--layers takes 1 to \(all), not \(layers)")
        }
    }

    func run() throws {
        var shown = -1
        var dimensions = shape.dimensions
        dimensions.layers = layers ?? dimensions.layers
        let model = SyntheticModel(name: shape.rawValue, shape: dimensions, type: type.element, seed: seed)
        try model.write(to: output, hasWeights: !noWeights) { done, total in
            let percent = done * 100 / total
            guard Console.errorIsTerminal, percent != shown else { return }
            shown = percent
            Console.errorUnescaped("\r\(ByteCount(done)) of \(ByteCount(total)), \(percent)%")
        }
        if Console.errorIsTerminal { Console.error("") }
    }
}

extension ModelShape: ExpressibleByArgument {}

/// A type that can be synthesized, by its GGUF name in any case.
struct SynthType: ExpressibleByArgument {
    let element: ElementType

    init?(argument: String) {
        guard let element = RandomBlocks.types.first(where: { $0.name.lowercased() == argument.lowercased() }) else {
            return nil
        }
        self.element = element
    }
}
