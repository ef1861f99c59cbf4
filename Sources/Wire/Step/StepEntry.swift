/// One line of a step's table: rows of a sequence, or a command to its KV cache. A stage obeys the lines in order.
package enum StepEntry: Sendable, Hashable {
    /// The length of an entry on the wire.
    package static let byteCount = 16

    /// `count` rows at positions `position..<position + count` of the sequence, and which of their results are wanted.
    case rows(sequence: UInt32, position: UInt32, count: UInt32, output: OutputRows)
    /// Begins an empty sequence.
    case open(sequence: UInt32)
    /// Begins a sequence with the first `positions` positions of another.
    case fork(sequence: UInt32, from: UInt32, positions: UInt32)
    /// Drops the positions at and after `to`.
    case trim(sequence: UInt32, to: UInt32)
    /// Ends the sequence and frees its cache.
    case close(sequence: UInt32)

    /// The sequence that the entry is about.
    package var sequence: UInt32 {
        switch self {
        case .rows(let sequence, _, _, _), .open(let sequence), .fork(let sequence, _, _), .trim(let sequence, _),
            .close(let sequence):
            sequence
        }
    }

    /// How many rows the entry stands for on the way to the last layer.
    package var rowCount: Int {
        if case .rows(_, _, let count, _) = self { Int(count) } else { 0 }
    }

    /// How many of the entry's rows travel on after the last layer.
    package var wantedCount: Int {
        if case .rows(_, _, let count, let output) = self { output.wanted(of: Int(count)) } else { 0 }
    }
}
