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
    ///
    /// - Parameter packsAnew: whether what is kept of it is not believed, and removed.
    func folder(for model: GGUFFile, packsAnew: Bool) -> PackedFolder? {
        guard !isOff, let folder = PackedFolder(in: CacheFolder.standard("packed"), model: model) else { return nil }
        if packsAnew { folder.removeAll() }
        return folder
    }
}

/// Whether what is kept of a local model's packed weights is believed.
struct VerificationOptions: ParsableArguments {
    @Flag(
        name: .customLong("verify"),
        help:
            "Packs the model's weights anew before their first use here, instead of believing what an earlier start kept."
    )
    var isOn = false
}
