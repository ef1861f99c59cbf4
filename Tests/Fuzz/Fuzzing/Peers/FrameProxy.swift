import Dispatch
import Glibc
import NIOCore
import Synchronization
import Wire

/// A worker that means ill: an honest one behind a port of this one's own, where what it says is dropped, repeated, held back, changed,
/// and mixed with other things, as a script tells.
///
/// Safe from any thread.
package final class FrameProxy: Sendable {
    /// What is done with the next frame that the worker says.
    enum Deed: UInt8, CaseIterable {
        case pass, drop, again, hold, change, renumber, precede, flood, cut, truncate, goodbye, garbage
    }

    package let port: UInt16
    private let target: UInt16
    private let listener: CInt
    /// Told when no more links are taken.
    private let ended = DispatchGroup()
    private let state: Mutex<State>

    private struct State {
        var script: [UInt8]
        var place = 0
        var held: [UInt8]?
        var sockets: [PeerSocket] = []
        var isDead = false
        /// Whether `listener` is still this one's: afterwards another may have its number.
        var isListening = true
        var messages = 0
    }

    /// - Parameters:
    ///   - target: where the honest worker listens.
    ///   - script: 4 bytes for each frame: a deed, how often, and two that choices are made from. What comes behind its end passes.
    package init(target: UInt16, script: [UInt8]) {
        self.target = target
        state = Mutex(State(script: script))
        let file = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        precondition(file >= 0 && PeerSocket.withAddress(0) { bind(file, $0, $1) } == 0 && listen(file, 32) == 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(file, $0, &size) }
        }
        (listener, port) = (file, UInt16(bigEndian: address.sin_port))
        ended.enter()
        startThread { [self] in takeLinks() }
    }

    /// Frames that the script let it say.
    var messages: Int { state.withLock { $0.messages } }
    /// Whether all of the script was played.
    var isDone: Bool { state.withLock { $0.place * 4 >= $0.script.count } }

    /// Dies: closes all links, and takes no more.
    package func kill() {
        let sockets = state.withLock { state in
            state.isDead = true
            if state.isListening { shutdown(listener, CInt(SHUT_RDWR)) }
            defer { state.sockets = [] }
            return state.sockets
        }
        for socket in sockets { socket.close() }
        ended.wait()
    }

    private func takeLinks() {
        while true {
            let file = accept(listener, nil, nil)
            guard file >= 0 else { break }
            let dialing = PeerSocket(file: file)
            guard let worker = PeerSocket(port: target) else { continue }
            let isTaken = state.withLock { state in
                if !state.isDead { state.sockets += [dialing, worker] }
                return !state.isDead
            }
            guard isTaken else { break }
            startThread { [self] in
                while let bytes = dialing.anyBytes(), worker.send(bytes, milliseconds: 1000) {}
                worker.close()
                _ = self
            }
            startThread { [self] in
                while let frame = worker.nextBytes(), say(frame, on: dialing) {}
                dialing.close()
                worker.close()
            }
        }
        state.withLock { state in
            state.isListening = false
            Glibc.close(listener)
        }
        ended.leave()
    }

    /// - Returns: whether the link goes on.
    private func say(_ frame: [UInt8], on socket: PeerSocket) -> Bool {
        let (deed, count, seed, held) = state.withLock { state -> (Deed, Int, Int, [UInt8]?) in
            let place = 4 * state.place
            defer { state.held = nil }
            guard place + 4 <= state.script.count else { return (.pass, 1, 0, state.held) }
            state.place += 1
            let deed = Deed.allCases[Int(state.script[place]) % Deed.allCases.count]
            let seed = Int(state.script[place + 2]) << 8 | Int(state.script[place + 3])
            return (deed, Int(state.script[place + 1]), seed, state.held)
        }
        var random = FuzzRandom(seed: UInt64(seed), index: count)
        var said: [[UInt8]] = []
        var goesOn = true
        switch deed {
        case .pass: said = [frame]
        case .drop: break
        case .again: said = [[UInt8]](repeating: frame, count: 1 + count % 8)
        case .hold: state.withLock { $0.held = frame }
        case .change: said = [FrameMutation.change(frame, &random)]
        case .renumber: said = [frame[4] == 1 ? renumbered(frame, random.interesting()) : frame]
        case .precede: said = (0...count % 4).map { _ in other(&random) } + [frame]
        case .flood: said = [[UInt8]](repeating: other(&random), count: 8 * (1 + count)) + [frame]
        case .cut: goesOn = false
        case .truncate: (said, goesOn) = ([Array(frame.prefix(random.below(frame.count)))], false)
        case .goodbye: (said, goesOn) = ([Conversation.frame(.goodbye(Goodbye(reason: "no more")))], false)
        case .garbage: said = [(0..<1 + count).map { _ in UInt8(truncatingIfNeeded: random.bits()) }]
        }
        said += held.map { [$0] } ?? []
        for bytes in said { guard socket.send(bytes, milliseconds: 200) else { return false } }
        state.withLock { $0.messages += said.count }
        return goesOn
    }

    private func renumbered(_ frame: [UInt8], _ request: UInt64) -> [UInt8] {
        FrameMutation.frame(
            kind: 1, ProtoMutation.renumber(Array(frame[FrameMutation.headerBytes...]), request))
    }

    /// Something that a worker says unasked, or nobody should.
    private func other(_ random: inout FuzzRandom) -> [UInt8] {
        let (epoch, stage) = (UInt32(1 + random.below(3)), UInt32(random.below(4)))
        switch random.below(8) {
        case 0, 1: return FrameMutation.step(&random)
        case 2:
            let failure = StepFailed(
                epoch: epoch, step: UInt64(random.below(6)), stage: stage,
                code: random.pick([.stageMissing, .sequenceMissing, .internalError, .positionMismatch]),
                message: "no\nmore\u{1b}[2J",
                sequences: [1, 2, .max])
            return Conversation.frame(.stepFailed(failure))
        case 3:
            return Conversation.frame(
                .stageProgress(
                    StageProgress(epoch: epoch, stage: stage, done: random.interesting(), total: random.interesting())))
        case 4: return Conversation.frame(.peerLost(PeerLost(epoch: epoch, stage: stage, message: "gone")))
        default:
            return Conversation.frame(random.pick(Samples.bodies), request: UInt64(random.below(6)))
        }
    }
}

/// Runs something that blocks on a thread of its own.
func startThread(_ work: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    let context = Unmanaged.passRetained(Box(work)).toOpaque()
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { context in
            Unmanaged<Box>.fromOpaque(context!).takeRetainedValue().work()
            return nil
        }, context)
    precondition(status == 0, "no thread can be started: error \(status)")
    pthread_detach(thread)
}
