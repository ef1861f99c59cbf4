package import ModelGraph
import Tensors
package import Wire

/// Which pages a new stage begins with, and what each of them is made of. A pure value.
///
/// Of each sequence it takes the first positions that all layers have in a source with the same number of trims, and from which they can go
/// on: of layers with a window that is what is still there. Pages that are the same memory in all sources that they come from become
/// one page again.
package struct CachePlan: Sendable, Hashable {
    /// Some layers of a page, which a source has.
    package struct Part: Sendable, Hashable {
        /// Its index in the sources.
        package var source: Int
        /// The layers, by their numbers in the model; all of one kind.
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
        /// Of the layers that it is of.
        package var kind = StateKind.pages
    }

    /// A sequence that goes on.
    package struct Sequence: Sendable, Hashable {
        package var number: UInt32
        package var trims: UInt32
        package var positions: Int
        /// The most positions that it ever had, as far as that matters.
        package var reach = 0
        /// Indexes into the plan's pages, of the layers that keep all.
        package var pages: [Int] = []
        /// The same of layers with a window, by that, from the first page on that is needed.
        package var windows: [Int: [Int]] = [:]

        /// Those of layers of a kind.
        package func pages(of kind: StateKind) -> [Int] {
            switch kind {
            case .pages: pages
            case .window(let window): windows[window] ?? []
            }
        }

        fileprivate mutating func add(_ page: Int, _ kind: StateKind) {
            switch kind {
            case .pages: pages.append(page)
            case .window(let window): windows[window, default: []].append(page)
            }
        }
    }

    package private(set) var pages: [Page] = []
    /// All that were wanted, in their order.
    package private(set) var sequences: [Sequence] = []

    private let spans: [Span]
    private var known: [[Part]: Int] = [:]
    /// Pages that may still be made of anything but the first source alone.
    private var room: Int

    /// - Parameters:
    ///   - wanted: the sequences, at most how many positions of each, and how often they were trimmed.
    ///   - layers: of the new stage; without any, nothing is taken.
    ///   - kind: of what a layer of the new stage keeps, by its number in the model.
    ///   - sources: the first that has a page's layer is asked for it.
    ///   - context: positions that a sequence may have.
    ///   - newPages: at most how many pages may be made of anything but the first source alone.
    package init(
        _ wanted: [KeptSequence], layers: Range<Int>, kind: (Int) -> StateKind = { _ in .pages },
        from sources: [CacheContents], context: Int, newPages: Int = .max
    ) {
        spans = Self.spans(of: layers, kind: kind, sources)
        room = newPages
        for wanted in wanted {
            let present = sources.map { source in
                source.sequences[wanted.sequence].flatMap { $0.trims == wanted.trims ? $0 : nil }
            }
            add(wanted, present, context: context)
        }
    }

    /// Neighbouring layers of one kind that the same sources have.
    private struct Span: Hashable {
        var layers: Range<Int>
        var kind: StateKind
        var sources: [Int]
    }

    private static func spans(of layers: Range<Int>, kind: (Int) -> StateKind, _ sources: [CacheContents]) -> [Span] {
        let changes = layers.dropFirst().filter { kind($0) != kind($0 - 1) }
        let bounds = Set(
            [layers.lowerBound, layers.upperBound] + changes
                + sources.flatMap { [$0.layers.lowerBound, $0.layers.upperBound] }.filter { layers.contains($0) }
        ).sorted()
        return zip(bounds, bounds.dropFirst()).map { lower, upper in
            Span(
                layers: lower..<upper, kind: kind(lower),
                sources: sources.indices.filter { sources[$0].layers.contains(lower) })
        }
    }

    /// A page of a sequence, as it would be made.
    private struct Draft {
        var index: Int
        var kind: StateKind
        var parts: [Part]
    }

    /// Takes as many positions of a sequence as the sources have and there is room for.
    private mutating func add(_ wanted: KeptSequence, _ present: [CacheContents.Sequence?], context: Int) {
        let most = min(Int(wanted.positions), context)
        let ends = Set(present.compactMap { $0 }.map { min($0.positions, most) }).sorted(by: >)
        var sequence = Sequence(number: wanted.sequence, trims: wanted.trims, positions: 0)
        for end in ends where end > 0 && !spans.isEmpty {
            guard let reach = reach(at: end, present) else { continue }
            var drafts = drafts(upTo: end, reach: reach, present)
            let cost = cost(of: drafts)
            if cost > room {
                // Less of the pages may do, but behind a window there is nothing.
                guard !spans.contains(where: { $0.kind != .pages }) else { continue }
                var left = room
                drafts = Array(
                    drafts.prefix { draft in
                        left -= isNew(draft) ? 1 : 0
                        return left >= 0
                    })
            }
            sequence.positions = cost > room ? drafts.count * KeyValueLayout.positions : end
            sequence.reach = reach
            for draft in drafts {
                sequence.add(take(draft, of: wanted.sequence, end: sequence.positions, present), draft.kind)
            }
            break
        }
        sequences.append(sequence)
    }

    /// How far the sources of the positions before `end` have come; nil where they do not suffice to go on from there.
    private func reach(at end: Int, _ present: [CacheContents.Sequence?]) -> Int? {
        var reach = end
        for span in spans {
            let source = span.sources.lazy.compactMap { present[$0] }.first { $0.canGoOn(at: end, span.kind) }
            guard let source else { return nil }
            if span.kind != .pages { reach = max(reach, source.reach) }
        }
        return reach
    }

    private func drafts(upTo end: Int, reach: Int, _ present: [CacheContents.Sequence?]) -> [Draft] {
        var kinds: [StateKind] = []
        for span in spans where !kinds.contains(span.kind) { kinds.append(span.kind) }
        return kinds.flatMap { kind in
            (kind.firstPage(reach: reach)..<KeyValueLayout.pages(positions: end)).map { index in
                guard let parts = parts(of: index, kind, upTo: end, present) else {
                    preconditionFailure("no source has page \(index) up to \(end)")
                }
                return Draft(index: index, kind: kind, parts: parts)
            }
        }
    }

    private func isNew(_ draft: Draft) -> Bool {
        draft.parts.contains { $0.source > 0 } && known[draft.parts] == nil
    }

    private func cost(of drafts: [Draft]) -> Int { drafts.reduce(0) { $0 + (isNew($1) ? 1 : 0) } }

    /// The plan's page that a draft becomes.
    private mutating func take(
        _ draft: Draft, of sequence: UInt32, end: Int, _ present: [CacheContents.Sequence?]
    ) -> Int {
        if let page = known[draft.parts] { return page }
        if isNew(draft) { room -= 1 }
        known[draft.parts] = pages.count
        // Another sequence may have this page from later sources only, as a fork that a standby stage has not yet: the same memory
        // there is the same page. One that is not whole might lack what the other needs of it.
        let whole = (draft.index + 1) * KeyValueLayout.positions
        if whole <= end {
            for first in present.indices.dropFirst() {
                guard let others = parts(of: draft.index, draft.kind, upTo: whole, present, from: first) else { break }
                if known[others] == nil { known[others] = pages.count }
            }
        }
        pages.append(Page(parts: draft.parts, sequence: sequence, index: draft.index, kind: draft.kind))
        return pages.count - 1
    }

    /// What a page is made of whose positions before `end` are needed, by sources from `first` on; nil where they do not suffice.
    private func parts(
        of index: Int, _ kind: StateKind, upTo end: Int, _ present: [CacheContents.Sequence?], from first: Int = 0
    ) -> [Part]? {
        let end = min(end, (index + 1) * KeyValueLayout.positions)
        var parts: [Part] = []
        for span in spans where span.kind == kind {
            let chosen = span.sources.first { source in
                guard source >= first, let sequence = present[source] else { return false }
                return sequence.positions >= end && kind.firstPage(reach: sequence.reach) <= index
            }
            guard let chosen, let identity = present[chosen]?.page(index, of: kind) else { return nil }
            if let last = parts.last, last.source == chosen, last.layers.upperBound == span.layers.lowerBound {
                parts[parts.count - 1].layers = last.layers.lowerBound..<span.layers.upperBound
            } else {
                parts.append(Part(source: chosen, layers: span.layers, identity: identity))
            }
        }
        return parts
    }
}
