import NIOCore
import Wire

/// Whole frames as bytes: changed so that the frame around them stays right, and steps made up.
enum FrameMutation {
    static let headerBytes = 16

    /// The frame with something within changed; now and then its header.
    static func change(_ frame: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        guard frame.count >= headerBytes else { return frame }
        var payload = Array(frame[headerBytes...])
        switch random.below(24) {
        case 0: return Array(frame.prefix(random.below(frame.count)))
        case 1: return self.frame(kind: UInt8(truncatingIfNeeded: random.interesting()), payload)
        case 2:
            payload.removeLast(min(payload.count, 1 + random.below(8)))
            return self.frame(kind: frame[4], payload)
        case 3:
            var other = frame
            other[random.below(headerBytes)] = UInt8(truncatingIfNeeded: random.interesting())
            return other
        default: break
        }
        if frame[4] == 1 {
            payload = ProtoMutation.change(payload, &random)
        } else if !payload.isEmpty {
            // Fields of steps and pieces are words of four bytes, at the beginning.
            let place = random.below(min(payload.count, 96)) / 4 * 4
            let value = random.interesting()
            for index in place..<min(place + 4, payload.count) {
                payload[index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (index - place)))
            }
        }
        return self.frame(kind: frame[4], payload)
    }

    static func frame(kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
        Array(Samples.raw(kind: kind, payload: ByteBuffer(bytes: payload)).readableBytesView)
    }

    /// An entry of a step, with nothing of it checked.
    struct Entry {
        var sequence: UInt32
        var position: UInt32 = 0
        var count: UInt32 = 0
        var kind: UInt8
        var output: UInt8 = 0

        static func rows(_ sequence: UInt32, at position: UInt32, _ count: UInt32, output: UInt8 = 2) -> Entry {
            Entry(sequence: sequence, position: position, count: count, kind: 1, output: output)
        }

        static func open(_ sequence: UInt32) -> Entry { Entry(sequence: sequence, kind: 2) }
    }

    /// A step whose parts agree. `width` 1 is tokens, else f32; tokens follow each other.
    static func step(
        _ entries: [Entry], epoch: UInt32 = 1, stage: UInt32 = 0, number: UInt64 = 1, width: UInt32 = 1,
        pruned: Bool = false,
        replayThrough: UInt16? = nil
    ) -> [UInt8] {
        let rows = entries.reduce(0) { sum, entry in
            guard entry.kind == 1 else { return sum }
            let wanted = entry.output == 0 ? 0 : entry.output == 1 ? 1 : Int(entry.count)
            return sum + (pruned ? wanted : Int(entry.count))
        }
        var buffer = ByteBuffer()
        for value in [epoch, stage] { buffer.writeInteger(value, endianness: .little) }
        buffer.writeInteger(number, endianness: .little)
        buffer.writeInteger(rows == 0 ? 0 : width, endianness: .little)
        buffer.writeInteger(UInt8(rows == 0 ? 0 : width == 1 ? 1 : 2))
        buffer.writeInteger(UInt8((pruned ? 1 : 0) | (replayThrough == nil ? 0 : 2)))
        buffer.writeInteger(replayThrough ?? 0, endianness: .little)
        buffer.writeInteger(UInt32(entries.count), endianness: .little)
        buffer.writeInteger(UInt32(rows), endianness: .little)
        for entry in entries {
            for value in [entry.sequence, entry.position, entry.count] {
                buffer.writeInteger(value, endianness: .little)
            }
            buffer.writeInteger(entry.kind)
            buffer.writeInteger(entry.output)
            buffer.writeInteger(UInt16(0))
        }
        for index in 0..<rows * Int(width) {
            if width == 1 {
                buffer.writeInteger(UInt32(truncatingIfNeeded: index % 251), endianness: .little)
            } else {
                buffer.writeInteger((Float(index % 17) / 8 - 1).bitPattern, endianness: .little)
            }
        }
        return frame(kind: 2, Array(buffer.readableBytesView))
    }

    /// A step of any entries, most of which make sense where sequences 1 to 4 are open and short.
    static func step(_ random: inout FuzzRandom) -> [UInt8] {
        let isReplay = random.oneIn(6)
        var rows = 0
        let entries = (0...random.below(random.oneIn(8) ? 40 : 5)).map { _ in
            var entry = Entry(
                sequence: UInt32(1 + random.below(4)),
                position: random.oneIn(12)
                    ? UInt32(truncatingIfNeeded: random.interesting())
                    : UInt32(random.pick([0, 1, 6, 7, 63, 64, 70, 255, 256])),
                count: random.oneIn(12)
                    ? UInt32(truncatingIfNeeded: random.interesting()) : UInt32(random.pick([0, 1, 1, 2, 3, 6, 64])),
                kind: random.oneIn(40) ? UInt8(random.below(256)) : UInt8(1 + random.below(5)),
                output: isReplay ? 0 : UInt8(random.below(3)))
            if entry.kind == 1 {
                // What is sent stays within a few pages' worth of rows.
                entry.count = min(entry.count, UInt32(max(0, 600 - rows)))
                rows += Int(entry.count)
            } else if !random.oneIn(20) {
                entry.output = 0
                if entry.kind == 2 || entry.kind == 5 { (entry.position, entry.count) = (0, 0) }
                if entry.kind == 3 { entry.position = UInt32(1 + random.below(5)) }
                if entry.kind == 4 { entry.count = 0 }
            }
            return entry
        }
        return step(
            entries, epoch: UInt32(random.oneIn(8) ? random.below(5) : 1),
            stage: random.oneIn(12) ? UInt32(truncatingIfNeeded: random.interesting()) : UInt32(random.below(2)),
            number: random.interesting(), width: random.oneIn(3) ? 32 : 1, pruned: random.oneIn(5),
            replayThrough: isReplay ? UInt16(random.below(3)) : nil)
    }
}
