package import ClusterStore
import Dispatch
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The record of a cluster's life: who came, went and returned, what was placed where, and why.
///
/// Bounded, in memory and in the store. Safe from any thread; recording never waits for the disk.
package final class ClusterHistory: Sendable {
    /// The time, in seconds since 1970.
    package typealias Clock = @Sendable () -> Double

    /// Who follows at a time; each costs a task and holds nothing that waits for it.
    package static let mostFollowers = 32

    private let store: ClusterStore?
    private let now: Clock
    private let disk = DispatchQueue(label: "shoal.coordinator.history")
    private let state: Mutex<State>

    private struct State {
        var ring: HistoryRing
        /// What is still to be written, and whether the queue knows.
        var unwritten: [HistoryEvent] = []
        var isWriting = false
        var followers: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var lastFollower: UInt64 = 0
        var isOver = false
    }

    /// Goes on from what the store has. May block.
    ///
    /// - Parameters:
    ///   - store: where it is kept over a restart; `nil` is nowhere. One that cannot be read is as good as empty.
    ///   - capacity: events that are kept.
    package init(
        store: ClusterStore? = nil, capacity: Int = HistoryRing.standardCapacity, now: @escaping Clock = systemTime
    ) {
        self.store = store
        self.now = now
        let documents = (try? store?.events(most: capacity)) ?? []
        let kept = documents.compactMap { try? JSONDecoder().decode(HistoryEvent.self, from: Data($0)) }
        state = Mutex(State(ring: HistoryRing(capacity: capacity, kept: kept)))
    }

    package static let systemTime: Clock = { (Date().timeIntervalSince1970 * 1000).rounded() / 1000 }

    /// Records that something happened now.
    package func note(_ event: HistoryEvent) {
        let time = now()
        let (followers, begins) = state.withLock { state in
            let event = state.ring.add(event, at: time)
            guard store != nil else { return (Array(state.followers.values), false) }
            state.unwritten.append(event)
            // What a disk cannot take in time is lost with the ring.
            if state.unwritten.count > state.ring.capacity { state.unwritten.removeFirst() }
            defer { state.isWriting = true }
            return (Array(state.followers.values), !state.isWriting)
        }
        for follower in followers { follower.yield() }
        if begins { disk.async { [self] in write() } }
    }

    /// The first of the events after a number, and the number of the latest of all.
    package func events(after number: UInt64, most: Int = .max) -> (events: [HistoryEvent], last: UInt64) {
        state.withLock { ($0.ring.events(after: number, most: most), $0.ring.last) }
    }

    /// Tells, from now on, that there are new events: any number of them at once. It ends with the record's.
    ///
    /// - Returns: `nil` where too many follow already.
    package func follow() -> AsyncStream<Void>? {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> UInt64? in
            guard state.followers.count < Self.mostFollowers || state.isOver else { return nil }
            state.lastFollower += 1
            if !state.isOver { state.followers[state.lastFollower] = continuation }
            return state.isOver ? 0 : state.lastFollower
        }
        guard let number else { return nil }
        if number == 0 { continuation.finish() }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: number) }
        }
        return stream
    }

    /// Those who follow follow no longer, and what was recorded is written. May block.
    package func end() {
        let followers = state.withLock { state in
            state.isOver = true
            defer { state.followers = [:] }
            return Array(state.followers.values)
        }
        for follower in followers { follower.finish() }
        disk.sync {}
    }

    /// On the queue: writes all that is there. What cannot be written is in memory alone.
    private func write() {
        while true {
            let events = state.withLock { state in
                defer { state.unwritten = [] }
                if state.unwritten.isEmpty { state.isWriting = false }
                return state.unwritten
            }
            guard !events.isEmpty, let store else { return }
            let rows = events.compactMap { event in
                (try? JSONEncoder().encode(event)).map { (number: Int64(clamping: event.number), document: Array($0)) }
            }
            try? store.addEvents(rows, keeping: state.withLock { $0.ring.capacity })
        }
    }
}
