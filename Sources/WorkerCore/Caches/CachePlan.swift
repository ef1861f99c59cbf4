import Tensors
package import Wire

/// Which pages a new stage begins with, and what each of them is made of. A pure value.
///
/// Of each sequence it takes the first positions that all layers have in a source with the same number of trims. Pages that are the same
/// memory in all sources that they come from become one page again.
package struct CachePlan: Sendable, Hashable {
    /// Some layers of a page, which a source has.
    package struct Part: Sendable, Hashable {
        /// Its index in the sources.
        package var source: Int
        /// The layers, by their numbers in the model.
        package var layers: Range<Int>
        /// The page's number there.
        package var identity: Int

        package init(source: Int, layers: Range<Int>, identity: Int) {
            self.source = source
            self.layers = layers
            self.identity = identity
        }
    }

    /// A page to be made.
    package struct Page: Sendable, Hashable {
        package var parts: [Part]
        /// A sequence that has it, and where: others may have it too.
        package var sequence: UInt32
        package var index: Int
    }

    /// A sequence that goes on.
    package struct Sequence: Sendable, Hashable {
        package var number: UInt32
        package var trims: UInt32
        package var positions: Int
        /// Indexes into the plan's pages.
        package var pages: [Int]
    }

    package private(set) var pages: [Page] = []
    /// All that were wanted, in their order.
    package private(set) var sequences: [Sequence] = []

    /// - Parameters:
    ///   - wanted: the sequences, at most how many positions of each, and how often they were trimmed.
    ///   - layers: of the new stage; without any, nothing is taken.
    ///   - sources: the first that has a page's layer is asked for it.
    ///   - context: positions that a sequence may have.
    ///   - newPages: at most how many pages may be made of anything but the first source alone.
    package init(
        _ wanted: [KeptSequence], layers: Range<Int>, from sources: [CacheContents], context: Int,
        newPages: Int = .max
    ) {
        let spans = Self.spans(of: layers, sources)
        var known: [[Part]: Int] = [:]
        var room = newPages
        for wanted in wanted {
            let present = sources.map { source in
                source.sequences[wanted.sequence].flatMap { $0.trims == wanted.trims ? $0 : nil }
            }
            let available = spans.map { span in span.sources.map { present[$0]?.positions ?? 0 }.max() ?? 0 }.min() ?? 0
            let positions = min(Int(wanted.positions), available, context)
            var sequence = Sequence(number: wanted.sequence, trims: wanted.trims, positions: positions, pages: [])
            for index in 0..<KeyValueLayout.pages(positions: positions) {
                let end = min(positions, (index + 1) * KeyValueLayout.positions)
                let parts = Self.parts(of: index, upTo: end, spans, present)
                if let page = known[parts] {
                    sequence.pages.append(page)
                    continue
                }
                if parts.contains(where: { $0.source > 0 }) {
                    guard room > 0 else {
                        sequence.positions = index * KeyValueLayout.positions
                        break
                    }
                    room -= 1
                }
                known[parts] = pages.count
                sequence.pages.append(pages.count)
                pages.append(Page(parts: parts, sequence: wanted.sequence, index: index))
            }
            sequences.append(sequence)
        }
    }

    /// Neighbouring layers that the same sources have.
    private typealias Span = (layers: Range<Int>, sources: [Int])

    private static func spans(of layers: Range<Int>, _ sources: [CacheContents]) -> [Span] {
        let bounds = Set(
            [layers.lowerBound, layers.upperBound]
                + sources.flatMap { [$0.layers.lowerBound, $0.layers.upperBound] }.filter { layers.contains($0) }
        ).sorted()
        return zip(bounds, bounds.dropFirst()).map { lower, upper in
            (lower..<upper, sources.indices.filter { sources[$0].layers.contains(lower) })
        }
    }

    /// What a page is made of whose positions before `end` are needed.
    private static func parts(
        of index: Int, upTo end: Int, _ spans: [Span], _ present: [CacheContents.Sequence?]
    ) -> [Part] {
        var parts: [Part] = []
        for span in spans {
            let chosen = span.sources.first { (present[$0]?.positions ?? 0) >= end }
            guard let chosen, let identity = present[chosen]?.pages[index] else {
                preconditionFailure("no source has layers \(span.layers) before position \(end)")
            }
            if let last = parts.last, last.source == chosen {
                parts[parts.count - 1].layers = last.layers.lowerBound..<span.layers.upperBound
            } else {
                parts.append(Part(source: chosen, layers: span.layers, identity: identity))
            }
        }
        return parts
    }
}
