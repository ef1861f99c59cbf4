import NIOCore
import Wire

/// Streams of frames: whole, byte by byte and in pieces give the same frames and the same end; and what was understood survives
/// encoding.
package struct FrameFuzz: FuzzFormat {
    package static let name = "frames"

    package let corpus: [[UInt8]]

    package init() throws {
        let cache = CachePiece(
            epoch: 1, stage: 2, sequence: 3, layer: 4, page: 5, trims: 6, bytes: ByteBuffer(repeating: 7, count: 64))
        corpus = try (Samples.frames + [.cache(cache)]).map { Array(try Samples.bytes(of: $0).readableBytesView) }
    }

    package let words: [[UInt8]] =
        [Array("SHOL".utf8)] + (1...4).map { Array("SHOL".utf8) + [UInt8($0), 0, 0, 0] }
        + (0...6).map { [UInt8($0), 0, 0, 0] } + [[0xff, 0xff, 0xff, 0xff]]

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        if random.oneIn(3) { return (0...random.below(4)).flatMap { _ in random.pick(corpus) } }
        // A frame of random bytes whose length is right.
        let payload = (0..<random.below(200)).map { _ in
            UInt8(truncatingIfNeeded: random.oneIn(2) ? random.interesting() : UInt64(random.below(6)))
        }
        return Array(
            Samples.raw(kind: UInt8(1 + random.below(4)), payload: ByteBuffer(bytes: payload)).readableBytesView)
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        let whole = decode(input, limits: FrameLimits()) { $0 }
        for frame in whole.frames {
            guard let bytes = try? Samples.bytes(of: frame) else {
                fatalError("an accepted frame cannot be encoded: \(frame.summary)")
            }
            let again = decode(Array(bytes.readableBytesView), limits: FrameLimits()) { $0 }
            precondition(again.frames == [frame], "\(frame.summary) does not survive its encoding")
        }
        if input.count <= 4096 {
            precondition(decode(input, limits: FrameLimits()) { _ in 1 } == whole, "byte by byte is another stream")
        }
        var random = FuzzRandom(seed: UInt64(input.count), index: input.reduce(0) { $0 &* 31 &+ Int($1) })
        precondition(
            decode(input, limits: FrameLimits()) { _ in 1 + random.below(max(input.count, 1)) } == whole,
            "cut is another stream")
        _ = decode(input, limits: .handshake) { $0 }
        return whole.error == nil ? .accepted : .refused
    }

    private struct Decoded: Equatable {
        var frames: [Frame] = []
        var error: WireError?
    }

    private func decode(_ input: [UInt8], limits: FrameLimits, cut: (_ left: Int) -> Int) -> Decoded {
        var decoder = FrameDecoder(limits: limits)
        var result = Decoded()
        var buffer = ByteBuffer()
        var position = 0
        do {
            while position < input.count {
                let count = min(cut(input.count - position), input.count - position)
                buffer.writeBytes(input[position..<position + count])
                position += count
                while let frame = try decoder.decode(buffer: &buffer) { result.frames.append(frame) }
            }
            while let frame = try decoder.decodeLast(buffer: &buffer, seenEOF: true) { result.frames.append(frame) }
        } catch let error as WireError {
            result.error = error
        } catch {
            fatalError("an error of another type: \(error)")
        }
        // What foreign bytes are told as depends on how many are there; which kind of error it is does not.
        if let error = result.error, error.code == .notShoal { result.error = WireError(.notShoal, "") }
        return result
    }
}
