import ModelGraph
import Wire

/// Rows of a step that are computed at once, and which of them go on.
struct StepBatch {
    /// Whether the rows that nobody wants were dropped before.
    private let pruned: Bool
    /// Whether they are dropped after this stage.
    private let prunes: Bool
    private(set) var spans: [RowSpan] = []
    /// Where in the step's rows the batch begins.
    private(set) var firstRow = 0
    private(set) var rows = 0
    /// The rows that go on, counted within the batch.
    private(set) var wanted: [Int] = []

    init(pruned: Bool, prunes: Bool) {
        self.pruned = pruned
        self.prunes = prunes
    }

    func holds(_ sequence: UInt32) -> Bool { spans.contains { $0.sequence == sequence } }

    mutating func add(_ span: RowSpan, output: OutputRows) {
        let wantedCount = output.wanted(of: span.count)
        let present = pruned ? wantedCount : span.count
        let kept = prunes ? wantedCount : span.count
        if present > 0 { spans.append(RowSpan(sequence: span.sequence, position: span.position, count: present)) }
        wanted += (rows + present - kept)..<(rows + present)
        rows += present
    }

    /// Begins the batch that follows this one.
    mutating func startNext() {
        firstRow += rows
        spans = []
        rows = 0
        wanted = []
    }
}
