import Logging
import Synchronization
import Wire

/// Stages of other workers that caches come from, each over a link that is opened when it is needed and stays open.
///
/// One task at a time asks.
final class RemoteCaches: Sendable {
    private let sources: [CacheSource]
    private let worker: Worker
    private let session: UInt64
    private let context: Int
    private let interest: CacheInterest
    private let state: Mutex<State>

    private struct State {
        var links: [CacheLink?]
        /// The layers of each, once it has told them.
        var layers: [Range<Int>?]
        var isClosed = false
    }

    init(sources: [CacheSource], worker: Worker, session: UInt64, context: Int, interest: CacheInterest) {
        self.sources = sources
        self.worker = worker
        self.session = session
        self.context = context
        self.interest = interest
        state = Mutex(
            State(links: sources.map { _ in nil }, layers: sources.map { _ in nil }))
    }

    /// Closes all links, and opens no more.
    func close() {
        let links = state.withLock { state in
            state.isClosed = true
            return state.links.compactMap { $0 }
        }
        for link in links { link.close() }
    }

    /// What each source has, asked at the same time; nil of one that cannot be reached or is not loaded.
    func contents() async -> [CacheContents?] {
        await withTaskGroup(of: (Int, CacheContents?).self) { group in
            for index in sources.indices { group.addTask { (index, await self.contents(of: index)) } }
            var contents = [CacheContents?](repeating: nil, count: sources.count)
            for await (index, found) in group { contents[index] = found }
            return contents
        }
    }

    private func contents(of index: Int) async -> CacheContents? {
        do throws(WorkerError) {
            let link = try await link(to: index)
            let known = state.withLock { $0.layers[index] }
            let contents =
                if let known {
                    try await link.contents(of: sources[index], layers: known, context: context, interest: interest)
                } else {
                    try await link.contents(of: sources[index], session: session, context: context, interest: interest)
                }
            state.withLock { $0.layers[index] = contents.layers }
            return contents
        } catch {
            worker.logger.info(
                "no caches", metadata: ["from": "\(sources[index].address ?? "")", "reason": "\(error)"])
            if error.code != .stageMissing { drop(index) }
            return nil
        }
    }

    /// Gets what an import lacks, from all sources at the same time.
    ///
    /// - Parameters:
    ///   - firstSource: the index of the first of these among the plan's sources.
    ///   - contents: what the sources have, as the plan was made from it.
    func pull(into target: CacheImport, firstSource: Int, contents: [CacheContents]) async {
        await withTaskGroup(of: Void.self) { group in
            for index in sources.indices {
                guard let link = state.withLock({ $0.links[index] }) else { continue }
                let pull = CachePull(
                    link: link, source: sources[index], index: firstSource + index, contents: contents[index],
                    target: target)
                group.addTask { if !(await pull.run()) { self.drop(index) } }
            }
        }
    }

    private func link(to index: Int) async throws(WorkerError) -> CacheLink {
        if let link = state.withLock({ $0.links[index] }) { return link }
        let link = try await CacheLink.open(sources[index], of: worker, session: session)
        let isTaken = state.withLock { state in
            if !state.isClosed { state.links[index] = link }
            return !state.isClosed
        }
        guard isTaken else {
            link.close()
            throw WorkerError(.nextUnreachable, "it took too long")
        }
        return link
    }

    private func drop(_ index: Int) {
        let link = state.withLock { state in
            defer { state.links[index] = nil }
            return state.links[index]
        }
        link?.close()
    }
}
