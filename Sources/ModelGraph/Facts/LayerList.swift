/// Numbers of layers for people: "0-4, 6, 8".
package struct LayerList: Sendable, Hashable, CustomStringConvertible {
    /// In order, each once.
    package let layers: [Int]
    /// Runs that are written; what is more is an ellipsis and the last.
    private static let limit = 4

    package init(_ layers: some Sequence<Int>) { self.layers = Set(layers).sorted() }

    package var description: String {
        var runs: [ClosedRange<Int>] = []
        for layer in layers {
            if let last = runs.last, last.upperBound == layer - 1 {
                runs[runs.count - 1] = last.lowerBound...layer
            } else {
                runs.append(layer...layer)
            }
        }
        let texts = runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        guard texts.count > Self.limit, let last = texts.last else { return texts.joined(separator: ", ") }
        return texts.prefix(Self.limit - 1).joined(separator: ", ") + " … \(last)"
    }
}
