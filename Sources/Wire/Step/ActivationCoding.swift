package import NIOCore

/// Rows of float32 or of token ids to a step's payload and back. Hosts are little-endian, as is the wire.
extension ActivationCodec {
    /// Appends elements to a payload.
    ///
    /// - Parameter elements: `[rows, width]`, row-major.
    /// - Precondition: the codec is `f32`, `f16` or `q8`, and for `q8` the elements are whole blocks of 32.
    package func encode(_ elements: UnsafeBufferPointer<Float>, into buffer: inout ByteBuffer) {
        switch self {
        case .f32:
            buffer.writeBytes(UnsafeRawBufferPointer(elements))
        case .f16:
            write(elements.count * 2, into: &buffer) { bytes in
                for index in elements.indices {
                    let half = HalfPrecision.bits(of: elements[index])
                    bytes.storeBytes(of: half, toByteOffset: index * 2, as: UInt16.self)
                }
            }
        case .q8:
            precondition(elements.count % Self.blockElements == 0, "\(elements.count) elements are not whole blocks")
            let blocks = elements.count / Self.blockElements
            write(blocks * Self.blockBytes, into: &buffer) { bytes in
                for block in 0..<blocks { Self.encodeBlock(elements, block, bytes) }
            }
        case .none, .tokens:
            preconditionFailure("codec \(self) holds no activations")
        }
    }

    /// The same for an array.
    package func encode(_ elements: [Float], into buffer: inout ByteBuffer) {
        elements.withUnsafeBufferPointer { encode($0, into: &buffer) }
    }

    /// Reads a payload's elements.
    ///
    /// - Parameter elements: room for `[rows, width]`, row-major; all of it is written.
    /// - Precondition: the codec is `f32`, `f16` or `q8`, and the payload has exactly the bytes of `elements`, which holds
    ///   for every step frame that came over a link and room for its `rowCount * width`.
    package func decode(_ payload: ByteBuffer, into elements: UnsafeMutableBufferPointer<Float>) {
        precondition(
            payload.readableBytes == rowBytes(width: elements.count),
            "\(payload.readableBytes) bytes of \(self) are not \(elements.count) elements")
        payload.withUnsafeReadableBytes { bytes in
            switch self {
            case .f32:
                UnsafeMutableRawBufferPointer(elements).copyMemory(from: bytes)
            case .f16:
                for index in elements.indices {
                    let half = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                    elements[index] = HalfPrecision.float(ofBits: half)
                }
            case .q8:
                for index in elements.indices {
                    let (block, element) = (index / Self.blockElements, index % Self.blockElements)
                    let start = block * Self.blockBytes
                    let scale = bytes.loadUnaligned(fromByteOffset: start, as: Float.self)
                    elements[index] = scale * Float(Int8(bitPattern: bytes[start + 4 + element]))
                }
            case .none, .tokens:
                preconditionFailure("codec \(self) holds no activations")
            }
        }
    }

    /// Reads a payload's elements into a new array, `[rows, width]`.
    ///
    /// - Parameter count: rows times width.
    package func decode(_ payload: ByteBuffer, count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { room, initializedCount in
            decode(payload, into: UnsafeMutableBufferPointer(rebasing: room[..<count]))
            initializedCount = count
        }
    }

    /// One block: scale = largest magnitude / 127, elements rounded to nearest, ties to even. A block that holds an
    /// infinity or a NaN has a scale that is NaN, so that the fault stays visible.
    private static func encodeBlock(
        _ elements: UnsafeBufferPointer<Float>, _ block: Int, _ bytes: UnsafeMutableRawBufferPointer
    ) {
        let first = block * blockElements
        var largest: Float = 0
        var finite = true
        for index in first..<(first + blockElements) {
            largest = max(largest, elements[index].magnitude)
            finite = finite && elements[index].isFinite
        }
        var scale = finite ? largest / 127 : Float.nan
        // Near the largest float, 127 times a scale that was rounded up is infinite.
        if (scale * 127).isInfinite { scale = scale.nextDown }
        bytes.storeBytes(of: scale, toByteOffset: block * blockBytes, as: Float.self)
        for index in 0..<blockElements {
            let quotient = finite && scale > 0 ? (elements[first + index] / scale).rounded(.toNearestOrEven) : 0
            bytes[block * blockBytes + 4 + index] = UInt8(bitPattern: Int8(max(-127, min(127, quotient))))
        }
    }

    private func write(
        _ count: Int, into buffer: inout ByteBuffer, _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            fill(UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
    }
}

/// Token ids to a payload of codec `tokens` and back.
package enum TokenRows {
    /// Appends one row per id.
    package static func encode(_ ids: [UInt32], into buffer: inout ByteBuffer) {
        ids.withUnsafeBytes { _ = buffer.writeBytes($0) }
    }

    /// The ids of a payload of codec `tokens`.
    package static func decode(_ payload: ByteBuffer) -> [UInt32] {
        payload.withUnsafeReadableBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
        }
    }
}
