import ModelGraph
import Synchronization
import Tensors

/// The pages of a plan while they are filled: from stages of this worker, and with what comes from others.
///
/// Safe from any thread; a part is filled by one at a time.
final class CacheImport: Sendable {
    let plan: CachePlan
    private let layout: CacheLayout
    private let firstLayer: Int
    private let state: Mutex<State>

    private struct State {
        var pages: [KeyValuePage?]
        /// Parts of each that are not there yet.
        var missing: [Int]
    }

    /// - Parameters:
    ///   - layout: of the new stage's caches.
    ///   - firstLayer: of the new stage, by its number in the model.
    init(_ plan: CachePlan, layout: CacheLayout, firstLayer: Int) {
        self.plan = plan
        self.layout = layout
        self.firstLayer = firstLayer
        state = Mutex(
            State(
                pages: [KeyValuePage?](repeating: nil, count: plan.pages.count),
                missing: plan.pages.map { $0.parts.count }))
    }

    /// Bytes of a layer's part of a page; by its number in the model, one of the stage's.
    func bytes(ofLayer layer: Int) -> Int { layout.part(layer: layer - firstLayer).byteCount }

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
        layout.bytes(layers: part.layers.shifted(by: -firstLayer), of: page)
            .copyMemory(
                from: UnsafeRawBufferPointer(
                    local.layout.bytes(layers: part.layers.shifted(by: -first), of: source)))
        filled(index)
    }

    /// Writes one layer of a page.
    ///
    /// - Returns: whether there was memory for it.
    func write(_ bytes: UnsafeRawBufferPointer, layer: Int, of index: Int) -> Bool {
        guard let page = page(index) else { return false }
        layout.bytes(layers: layer - firstLayer..<layer - firstLayer + 1, of: page).copyMemory(from: bytes)
        return true
    }

    /// All layers of a part of a page are written.
    func filled(_ index: Int) { state.withLock { $0.missing[index] -= 1 } }

    private func page(_ index: Int) -> KeyValuePage? {
        guard let group = layout.group(of: plan.pages[index].kind) else { return nil }
        return state.withLock { state in
            if state.pages[index] == nil {
                state.pages[index] = try? KeyValuePage(layout: layout.groups[group].layout)
            }
            return state.pages[index]
        }
    }

    /// The sequences of the plan, each up to the first page that is not whole, or without any positions where layers with a window cannot
    /// go on from there.
    var caches: [UInt32: SequenceCache] {
        state.withLock { state in
            var caches: [UInt32: SequenceCache] = [:]
            for sequence in plan.sequences { caches[sequence.number] = cache(of: sequence, state) }
            return caches
        }
    }

    private func cache(of sequence: CachePlan.Sequence, _ state: State) -> SequenceCache {
        var positions = sequence.positions
        var pages: [[KeyValuePage?]] = []
        for group in layout.groups {
            let first = group.kind.firstPage(reach: sequence.reach)
            var held = [KeyValuePage?](repeating: nil, count: first)
            for index in sequence.pages(of: group.kind) {
                guard state.missing[index] == 0, let page = state.pages[index] else { break }
                held.append(page)
            }
            positions = min(positions, held.count * KeyValueLayout.positions)
            pages.append(held)
        }
        let goesOn = layout.groups.allSatisfy { $0.kind.canGoOn(at: positions, reach: sequence.reach) }
        guard goesOn, positions > 0 else {
            return SequenceCache(
                positions: 0, trims: sequence.trims, reach: 0, pages: layout.groups.map { _ in [] })
        }
        return SequenceCache(positions: positions, trims: sequence.trims, reach: sequence.reach, pages: pages)
    }
}

extension CacheLayout {
    /// The bytes of neighbouring layers of one kind, counted from the stage's first, in a page of theirs.
    fileprivate func bytes(layers: Range<Int>, of page: KeyValuePage) -> UnsafeMutableRawBufferPointer {
        let place = place(layers: layers)
        return page.bytes(layers: place.indices, layout: groups[place.group].layout)
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
