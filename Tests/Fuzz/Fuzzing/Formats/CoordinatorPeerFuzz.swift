import CoordinatorCore
import Dispatch
import TestSupport

/// A worker that means ill, among those of a coordinator: a script of what it does with each frame that an honest one would say. Once it is
/// gone, the coordinator answers with the others.
package final class CoordinatorPeerFuzz: FuzzFormat {
    package static let name = "coordinator-peer"
    package static let cost = 40
    package static let isConversation = true

    /// How long it goes on at most.
    private static let most = DispatchTimeInterval.milliseconds(1500)

    package let corpus: [[UInt8]]
    package private(set) var messages = 0
    private var cluster: ClusterUnderTest?

    package init() throws {
        // Each deed once, early and late.
        corpus =
            [[]]
            + [0, 1, 3, 6, 10].flatMap { place in
                FrameProxy.Deed.allCases.map { deed in
                    [UInt8](repeating: 0, count: 4 * place) + [deed.rawValue, 3, UInt8(place), deed.rawValue]
                }
            }
    }

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        // One in so many frames is not as it should be: what answers well for long gets far.
        let rate = random.pick([2, 4, 8, 16, 32])
        return (0..<random.below(120)).flatMap { _ -> [UInt8] in
            let deed = random.oneIn(rate) ? UInt8(random.below(FrameProxy.Deed.allCases.count)) : 0
            return [deed] + (0..<3).map { _ in UInt8(truncatingIfNeeded: random.bits()) }
        }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        let cluster = start()
        let proxy = FrameProxy(target: cluster.hostile, script: input)
        defer { messages += proxy.messages }
        guard let coordinator = try? cluster.makeCoordinator(proxy: proxy.port) else { fatalError("no coordinator") }
        defer { coordinator.stop() }
        let (begun, started) = (DispatchSemaphore(value: 0), Outcome<Void>())
        Task.detached {
            do {
                try await coordinator.start()
                started.set(.success(()))
                _ = await coordinator.report()
                for text in ["hello", "a", "hello world"] {
                    _ = try await coordinator.answer(ClusterUnderTest.request(text))
                }
            } catch {
                // It began, and an answer was refused; or it did not begin.
            }
            begun.signal()
        }
        if begun.wait(timeout: .now() + Self.most) == .timedOut {
            proxy.kill()
            guard begun.wait(timeout: .now() + ClusterUnderTest.patience) == .success else {
                fatalError("the peer is gone, and nothing goes on: \(coordinator.readiness)")
            }
        }
        proxy.kill()
        let serves = started.given != nil
        check(serves ? coordinator : nil, of: cluster)
        return serves ? .accepted : .refused
    }

    /// An honest request to the coordinator, or where it did not start, to one without the peer.
    private func check(_ coordinator: Coordinator?, of cluster: ClusterUnderTest) {
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            do {
                if let coordinator {
                    try await cluster.check(coordinator)
                } else {
                    let other = try cluster.makeCoordinator(proxy: nil)
                    try await other.start()
                    try await cluster.check(other)
                    other.stop()
                }
            } catch {
                fatalError("the honest request failed: \(error)")
            }
            done.signal()
        }
        guard done.wait(timeout: .now() + ClusterUnderTest.patience) == .success else {
            fatalError(
                "the honest request is not answered: \(coordinator.map { "\($0.readiness)" } ?? "without the peer")")
        }
    }

    private func start() -> ClusterUnderTest {
        if let cluster { return cluster }
        do {
            let new = try ClusterUnderTest()
            cluster = new
            return new
        } catch {
            fatalError("the cluster does not start: \(error)")
        }
    }
}
