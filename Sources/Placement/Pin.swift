/// A wish that a part of the model sits on a named device: `0-9=pi1`, `7=pi2`, `embedding=pi1` or `head=pi2`.
package struct Pin: Sendable, Hashable, CustomStringConvertible {
    /// What is pinned.
    package enum Part: Sendable, Hashable {
        /// Layers, counted from 0, both ends included.
        case layers(ClosedRange<Int>)
        /// The token embedding.
        case embedding
        /// The final norm and the output matrix.
        case head
    }

    /// What is pinned.
    package let part: Part
    /// The name of the device that is to hold it.
    package let device: String

    /// Pins a part to a device.
    package init(_ part: Part, device: String) {
        self.part = part
        self.device = device
    }

    /// Pins layers, both ends included, to a device.
    package init(layers: ClosedRange<Int>, device: String) {
        self.init(.layers(layers), device: device)
    }

    /// Reads a pin as written on the command line or in a cluster file.
    /// - Throws: `PlacementError.malformedPin` when the text is not of the form `PART=DEVICE`.
    package init(parsing text: String) throws(PlacementError) {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
        guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty, !sides[1].contains("=") else {
            throw .malformedPin(text)
        }
        device = sides[1]
        switch sides[0] {
        case "embedding": part = .embedding
        case "head": part = .head
        default:
            let ends = sides[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            let numbers = ends.compactMap(Self.layerNumber)
            guard numbers.count == ends.count, let first = numbers.first, let last = numbers.last, first <= last else {
                throw .malformedPin(text)
            }
            part = .layers(first...last)
        }
    }

    /// The pinned layers; nil for the embedding and the head.
    package var layers: ClosedRange<Int>? {
        if case .layers(let range) = part { range } else { nil }
    }

    /// The pin in the form `init(parsing:)` reads.
    package var description: String {
        switch part {
        case .embedding: "embedding=\(device)"
        case .head: "head=\(device)"
        case .layers(let range): "\(describe(range.lowerBound..<range.upperBound + 1))=\(device)"
        }
    }

    private static func layerNumber(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 9, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

/// A range of layers as people write it: `0-9`, or `7` for a single one.
func describe(_ layers: Range<Int>) -> String {
    layers.count == 1 ? "\(layers.lowerBound)" : "\(layers.lowerBound)-\(layers.upperBound - 1)"
}
