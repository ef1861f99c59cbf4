import ArgumentParser
import GGUF
import ModelGraph

/// Whether packed weights are kept on disk.
struct PackedOptions: ParsableArguments {
    @Flag(
        name: .customLong("no-packed-cache"),
        help: "Packs the weights anew at every start, into memory alone, instead of keeping them packed on disk.")
    var isOff = false

    /// Where the packed form of a local model is kept, nil for nowhere.
    func folder(for model: GGUFFile) -> PackedFolder? {
        isOff ? nil : PackedFolder(in: CacheFolder.standard("packed"), model: model)
    }
}
