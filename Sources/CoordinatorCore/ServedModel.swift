import GGUF
package import Placement
package import Tokenizer

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the coordinator must know of a model that its file's metadata alone does not tell without its architecture: the
/// executable, which links the architectures, fills it in.
package struct ModelFacts: Sendable, Hashable {
    /// Bytes of each part on a device, for placement.
    package var sizes: ModelSizes
    /// Tokens in the vocabulary: logits per row.
    package var vocabularySize: Int
    /// Positions that the model was trained for.
    package var trainedContext: Int

    package init(sizes: ModelSizes, vocabularySize: Int, trainedContext: Int) {
        self.sizes = sizes
        self.vocabularySize = vocabularySize
        self.trainedContext = trainedContext
    }
}

/// A model as the API shows it.
package struct ServedModel: Sendable {
    /// The file's name without its folder and `.gguf`, and without a split model's numbers.
    package let id: String
    package let architecture: String
    /// Positions that a sequence may have.
    package let context: Int
    /// When serving began, in seconds since 1970.
    package let created: Int
    /// `nil` where the model is only scored, token ids in and logits out.
    package let tokenizer: Tokenizer?
    package let fileBytes: Int
    package let layerCount: Int
}

extension GGUFFile {
    /// Where it is, whatever the working folder.
    var absolutePath: String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}

extension ServedModel {
    /// A model's id, from its path: of a split one without the numbers of its files.
    package static func id(path: String) -> String {
        let whole = SplitName(path: path)?.prefix ?? path
        let name = whole.split(separator: "/").last.map(String.init) ?? whole
        return name.lowercased().hasSuffix(".gguf") ? String(name.dropLast(5)) : name
    }
}
