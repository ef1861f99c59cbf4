package import NIOCore

/// One batch of rows for one stage, with the commands to KV caches that come before, between and after them.
package struct StepFrame: Sendable, Hashable {
    /// The length of the fixed header before the table.
    package static let headerBytes = 32

    /// The placement that the step belongs to; a worker drops steps of other epochs.
    package var epoch: UInt32
    /// The index of the stage that is to take the frame; every hop adds one.
    package var stage: UInt32
    /// The step's number, which results and failures carry back; rises within an epoch.
    package var step: UInt64
    /// The table, to be obeyed in order.
    package var entries: [StepEntry]
    /// Elements per row; 1 for token ids, 0 when there is no codec.
    package var width: Int
    /// How the rows are written.
    package var codec: ActivationCodec
    /// Whether rows with unwanted results have been dropped, which the stage of the last layer does.
    package var pruned: Bool
    /// The last stage that computes the rows, of a replay: rows of positions that stages may have already, whose results nobody wants;
    /// `nil` is a step that goes on from where its sequences are.
    package var replayThrough: UInt16?
    /// The rows, `[rowCount, width]`, row-major: exactly `rowCount * codec.rowBytes(width:)` bytes.
    package var payload: ByteBuffer

    package init(
        epoch: UInt32, stage: UInt32, step: UInt64, entries: [StepEntry], width: Int = 0,
        codec: ActivationCodec = .none,
        pruned: Bool = false, replayThrough: UInt16? = nil, payload: ByteBuffer = ByteBuffer()
    ) {
        self.epoch = epoch
        self.stage = stage
        self.step = step
        self.entries = entries
        self.width = width
        self.codec = codec
        self.pruned = pruned
        self.replayThrough = replayThrough
        self.payload = payload
    }

    /// The rows in the payload: all that the table names, or once pruned the wanted ones.
    package var rowCount: Int {
        entries.reduce(0) { $0 + (pruned ? $1.wantedCount : $1.rowCount) }
    }

    /// Whether it has the one row of a sequence that decodes, and no other: nothing behind it is to be expected before its token is known.
    package var isLone: Bool { rowCount == 1 }

    /// The indexes of the wanted rows among all rows that the table names, ascending.
    ///
    /// Where `pruned` is false these are the rows of the payload to keep; where it is true, row `i` of the payload is
    /// the one that had index `wantedRows[i]` before.
    package var wantedRows: [Int] {
        var indexes: [Int] = []
        var first = 0
        for entry in entries {
            indexes.append(contentsOf: (first + entry.rowCount - entry.wantedCount)..<(first + entry.rowCount))
            first += entry.rowCount
        }
        return indexes
    }
}
