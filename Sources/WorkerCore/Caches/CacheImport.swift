import ModelGraph
import Synchronization
import Tensors

/// The pages of a plan while they are filled: from stages of this worker, and with what comes from others.
///
/// Safe from any thread; a part is filled by one at a time.
final class CacheImport: Sendable {
    let plan: CachePlan
    private let layout: KeyValueLayout
    private let firstLayer: Int
    private let state: Mutex<State>

    private struct State {
        var pages: [KeyValuePage?]
        /// Parts of each that are not there yet.
        var missing: [Int]
    }

    /// - Parameters:
    ///   - layout: of the new stage's pages.
    ///   - firstLayer: of the new stage, by its number in the model.
    init(_ plan: CachePlan, layout: KeyValueLayout, firstLayer: Int) {
        self.plan = plan
        self.layout = layout
        self.firstLayer = firstLayer
        state = Mutex(
            State(
                pages: [KeyValuePage?](repeating: nil, count: plan.pages.count),
                missing: plan.pages.map { $0.parts.count }))
    }

    /// Bytes of a layer's part of a page; by its number in the model, one of the stage's.
    func bytes(ofLayer layer: Int) -> Int { layout[layer: layer - firstLayer].byteCount }

    /// Bytes of the largest of them.
    var largestLayerBytes: Int { layout.largestLayerBytes }

    /// Whether anything comes from a source beyond the first `locals`.
    func needsMore(than locals: Int) -> Bool {
        plan.pages.contains { $0.parts.contains { $0.source >= locals } }
    }

    /// Moves what stages of this worker have: page by page, so that no more than one page is there twice. What there is no memory for
    /// stays missing.
    func fill(from locals: [LocalCaches]) {
        var uses = locals.map { _ in [Int: Int]() }
        for page in plan.pages {
            for part in page.parts where part.source < locals.count {
                uses[part.source][part.identity, default: 0] += 1
            }
        }
        for (local, uses) in zip(locals, uses) { local.keep(only: Set(uses.keys)) }
        for (index, page) in plan.pages.enumerated() {
            for part in page.parts where part.source < locals.count {
                let local = locals[part.source]
                if let source = local.page(part.identity) { take(part, of: index, from: source, local) }
                uses[part.source][part.identity, default: 1] -= 1
                if uses[part.source][part.identity] == 0 { local.release(part.identity) }
            }
        }
    }

    private func take(_ part: CachePlan.Part, of index: Int, from source: KeyValuePage, _ local: LocalCaches) {
        if local.isSame {
            state.withLock { state in
                state.pages[index] = source
                state.missing[index] -= 1
            }
            return
        }
        guard let page = page(index) else { return }
        let first = local.contents.layers.lowerBound
        page.bytes(layers: part.layers.shifted(by: -firstLayer), layout: layout)
            .copyMemory(
                from: UnsafeRawBufferPointer(
                    source.bytes(layers: part.layers.shifted(by: -first), layout: local.layout)))
        filled(index)
    }

    /// Writes one layer of a page.
    ///
    /// - Returns: whether there was memory for it.
    func write(_ bytes: UnsafeRawBufferPointer, layer: Int, of index: Int) -> Bool {
        guard let page = page(index) else { return false }
        page.bytes(layers: layer - firstLayer..<layer - firstLayer + 1, layout: layout).copyMemory(from: bytes)
        return true
    }

    /// All layers of a part of a page are written.
    func filled(_ index: Int) { state.withLock { $0.missing[index] -= 1 } }

    private func page(_ index: Int) -> KeyValuePage? {
        state.withLock { state in
            if state.pages[index] == nil { state.pages[index] = try? KeyValuePage(layout: layout) }
            return state.pages[index]
        }
    }

    /// The sequences of the plan, each up to the first page that is not whole.
    var caches: [UInt32: SequenceCache] {
        state.withLock { state in
            var caches: [UInt32: SequenceCache] = [:]
            for sequence in plan.sequences {
                let whole = sequence.pages.prefix { state.missing[$0] == 0 }.compactMap { state.pages[$0] }
                caches[sequence.number] = SequenceCache(
                    positions: min(sequence.positions, whole.count * KeyValueLayout.positions),
                    trims: sequence.trims, pages: whole)
            }
            return caches
        }
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
