/// How activations are written on a link.
package enum RowCodec: String, Sendable, Hashable, Codable, CaseIterable {
    case f32, f16, q8

    /// Elements that share a scale in `q8`.
    static let blockElements = 32

    /// Bytes of a row of `width` elements.
    package func rowBytes(width: Int) -> Int {
        switch self {
        case .f32: width * 4
        case .f16: width * 2
        case .q8: width / Self.blockElements * (Self.blockElements + 4)
        }
    }

    /// Whether rows of so many elements can be written in it.
    package func accepts(width: Int) -> Bool { self != .q8 || width % Self.blockElements == 0 }

    /// What it costs in quality, for people.
    package var quality: String {
        switch self {
        case .f32: "nothing is lost: equal bits for any placement"
        case .f16: "a relative error of at most 0.05% per element and hop; bits depend on the placement"
        case .q8: "a relative error of about 0.4% per element and hop; bits depend on the placement"
        }
    }
}

/// Which codec links get.
package enum CodecChoice: Sendable, Hashable {
    /// The same for all.
    case always(RowCodec)
    /// For each link the most exact one whose transfer is a small share of computing; see `CostModel.codec(for:)`.
    case automatic
}

extension CodecChoice {
    /// Reads `f32`, `f16`, `q8` or `auto`; nil for anything else.
    package init?(named name: String) {
        if name == "auto" {
            self = .automatic
        } else if let codec = RowCodec(rawValue: name) {
            self = .always(codec)
        } else {
            return nil
        }
    }
}
