import Tensors

/// The rows of one pass through a stage's layers: at most `StageScratch.rows`, of one or several sequences.
struct StageBatch {
    /// Consecutive rows of one sequence.
    struct Piece {
        let sequence: KeyValueCache.Sequence
        let position: Int
        let firstRow: Int
        let count: Int
    }

    /// A few rows of a piece: the unit of work in attention.
    struct Tile {
        let piece: Int
        let offset: Int
        let count: Int
    }

    private(set) var rows = 0
    /// The group of the caches (`CacheLayout`) that the layer at work has its keys and values in.
    var group = 0
    private(set) var pieces: [Piece] = []
    private(set) var tiles: [Tile] = []
    /// The position of each row, and the piece it belongs to.
    private(set) var positions: [Int] = []
    private(set) var pieceOfRow: [Int] = []
    /// Segments of attention that the row with the most positions has.
    private(set) var segments = 0

    /// Rows of a tile: their queries share the keys and values that the kernel reads.
    static let tileRows = 8

    /// The page that a row's key and value go into.
    func page(row: Int) -> UnsafeMutableRawPointer {
        let pages = table(of: pieces[pieceOfRow[row]])
        return UnsafeMutableRawPointer(mutating: pages[positions[row] / KeyValueLayout.positions]!)
    }

    /// The addresses of the pages that a piece's rows attend.
    func table(of piece: Piece) -> UnsafeMutablePointer<UnsafeRawPointer?> { piece.sequence.groups[group].table }

    mutating func removeAll() {
        rows = 0
        segments = 0
        pieces.removeAll(keepingCapacity: true)
        tiles.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        pieceOfRow.removeAll(keepingCapacity: true)
    }

    /// Rows that pass no layer.
    mutating func append(rows count: Int) { rows += count }

    mutating func append(_ sequence: KeyValueCache.Sequence, position: Int, count: Int) {
        for offset in stride(from: 0, to: count, by: Self.tileRows) {
            tiles.append(Tile(piece: pieces.count, offset: offset, count: min(Self.tileRows, count - offset)))
        }
        for offset in 0..<count {
            positions.append(position + offset)
            pieceOfRow.append(pieces.count)
        }
        pieces.append(Piece(sequence: sequence, position: position, firstRow: rows, count: count))
        rows += count
        segments = max(segments, PagedAttention.segments(positions: position + count))
    }
}

extension ThreadPool {
    /// Calls `body(row)` for every row, spread over the threads when there are several.
    func forEachRow(_ rows: Int, _ body: (Int) -> Void) {
        guard rows >= 4 else {
            for row in 0..<rows { body(row) }
            return
        }
        let perChunk = max(1, min(8, rows / (2 * threads)))
        run(chunks: (rows + perChunk - 1) / perChunk) { chunk, _ in
            for row in chunk * perChunk..<min((chunk + 1) * perChunk, rows) { body(row) }
        }
    }
}
