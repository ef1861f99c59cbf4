import ModelGraph
import NIOCore
import Wire

/// Gets the parts of an import that one other worker has, over a link to it.
struct CachePull: Sendable {
    /// Bytes of a request, and on their way at most.
    private static let requestBytes = 1 << 20
    private static let window = 8 << 20
    /// Requests on their way at most: fewer than the other side lets wait.
    private static let requests = 16

    let link: CacheLink
    let source: CacheSource
    /// Its index among the plan's sources, and what it has.
    let index: Int
    let contents: CacheContents
    let target: CacheImport

    /// A range of pages of one sequence, of the same layers, and which pages of the plan they are.
    private struct Part {
        var request: CacheRequest
        var trims: UInt32
        var pages: [Int]

        var pieces: Int { request.layers.count * pages.count }
    }

    /// Returns when all has come that will.
    ///
    /// - Returns: whether the link is still of use.
    func run() async -> Bool {
        let parts = parts()
        var asked = 0
        var waiting: [(number: UInt64, part: Part)] = []
        var bytes = 0
        func bytesOf(_ part: Part) -> Int { self.bytes(of: part.request.layers) * part.pages.count }
        func ask() {
            while asked < parts.count, waiting.count < Self.requests,
                waiting.isEmpty || bytes + bytesOf(parts[asked]) <= Self.window
            {
                waiting.append((link.send(parts[asked].request, pieceBytes: target.largestLayerBytes), parts[asked]))
                bytes += bytesOf(parts[asked])
                asked += 1
            }
        }
        ask()
        while let (number, part) = waiting.first {
            guard await receive(part, number: number) else {
                link.close()
                return false
            }
            waiting.removeFirst()
            bytes -= bytesOf(part)
            ask()
        }
        return true
    }

    /// Takes what answers a request.
    ///
    /// - Returns: false where the link ended, or something else came.
    private func receive(_ part: Part, number: UInt64) async -> Bool {
        var come = 0
        for (offset, page) in part.pages.enumerated() {
            var isRight = true
            for layer in part.request.layers {
                switch await link.next() {
                case .ended: return false
                case .reply(let request, .failure):
                    guard request == number else { return false }
                    link.giveUp(part.pieces - come - 1)
                    return true
                case .reply: return false
                case .piece(let piece):
                    come += 1
                    guard piece.epoch == source.epoch, piece.stage == source.stage,
                        piece.sequence == part.request.sequence, piece.layer == layer,
                        piece.page == part.request.pages.lowerBound + UInt32(offset),
                        piece.bytes.readableBytes == target.bytes(ofLayer: Int(layer))
                    else { return false }
                    // Shortened since it was asked about: other positions.
                    guard piece.trims == part.trims else {
                        isRight = false
                        continue
                    }
                    isRight =
                        piece.bytes.withUnsafeReadableBytes { target.write($0, layer: Int(layer), of: page) } && isRight
                }
            }
            if isRight { target.filled(page) }
        }
        return true
    }

    /// Bytes of a page's part of these layers.
    private func bytes(of layers: Range<UInt32>) -> Int {
        layers.reduce(0) { $0 + target.bytes(ofLayer: Int($1)) }
    }

    /// Layers with a window first: what they have now may be given back soon.
    private func parts() -> [Part] {
        let pages = target.plan.pages.enumerated()
        return parts(pages.filter { $0.element.kind != .pages }) + parts(pages.filter { $0.element.kind == .pages })
    }

    private func parts(_ pages: [(offset: Int, element: CachePlan.Page)]) -> [Part] {
        var parts: [Part] = []
        for (page, planned) in pages {
            for part in planned.parts where part.source == index {
                let layers = UInt32(part.layers.lowerBound)..<UInt32(part.layers.upperBound)
                let place = UInt32(planned.index)
                if let last = parts.last, last.request.sequence == planned.sequence, last.request.layers == layers,
                    last.request.pages.upperBound == place,
                    (last.pages.count + 1) * bytes(of: layers) <= Self.requestBytes
                {
                    parts[parts.count - 1].request.pages = last.request.pages.lowerBound..<place + 1
                    parts[parts.count - 1].pages.append(page)
                } else {
                    parts.append(
                        Part(
                            request: CacheRequest(
                                epoch: source.epoch, stage: source.stage, sequence: planned.sequence, layers: layers,
                                pages: place..<place + 1),
                            trims: contents.sequences[planned.sequence]?.trims ?? 0, pages: [page]))
                }
            }
        }
        return parts
    }
}
