import NIOCore

extension StepFrame {
    private static let prunedFlag: UInt8 = 1
    private static let replayFlag: UInt8 = 2

    /// Reads header, table and rows; the rows stay a slice of `payload`.
    ///
    /// - Throws: `WireError` when a field is out of range or the parts do not add up to the payload's length.
    init(payload: ByteBuffer, limits: FrameLimits) throws(WireError) {
        var payload = payload
        guard let epoch: UInt32 = payload.readInteger(endianness: .little),
            let stage: UInt32 = payload.readInteger(endianness: .little),
            let step: UInt64 = payload.readInteger(endianness: .little),
            let width: UInt32 = payload.readInteger(endianness: .little),
            let rawCodec: UInt8 = payload.readInteger(), let flags: UInt8 = payload.readInteger(),
            let replayThrough: UInt16 = payload.readInteger(endianness: .little),
            let entryCount: UInt32 = payload.readInteger(endianness: .little),
            let rowCount: UInt32 = payload.readInteger(endianness: .little)
        else {
            throw WireError(.malformedPayload, "step: shorter than its header of \(Self.headerBytes) bytes")
        }
        guard let codec = ActivationCodec(rawValue: rawCodec) else {
            throw WireError(.malformedPayload, "step \(step): codec \(rawCodec) is not one of 0 to 4")
        }
        let isReplay = flags & Self.replayFlag != 0
        guard flags & ~(Self.prunedFlag | Self.replayFlag) == 0, isReplay || replayThrough == 0 else {
            throw WireError(
                .malformedPayload,
                "step \(step): flags \(flags), last stage of a replay \(replayThrough): unknown bits are set")
        }
        guard entryCount <= limits.stepEntries else {
            throw WireError(
                .tooLarge, "step \(step): \(entryCount) entries; this link takes up to \(limits.stepEntries)")
        }
        guard Int(entryCount) * StepEntry.byteCount <= payload.readableBytes else {
            throw WireError(.malformedPayload, "step \(step): \(entryCount) entries do not fit into the payload")
        }
        var entries: [StepEntry] = []
        entries.reserveCapacity(Int(entryCount))
        for index in 0..<Int(entryCount) { entries.append(try StepEntry(reading: &payload, index: index)) }

        self.init(
            epoch: epoch, stage: stage, step: step, entries: entries, width: Int(width), codec: codec,
            pruned: flags & Self.prunedFlag != 0, replayThrough: isReplay ? replayThrough : nil, payload: payload)
        try validate(limits: limits)
        guard self.rowCount == rowCount else {
            throw WireError(
                .malformedPayload, "step \(step): the header says \(rowCount) rows, the table \(self.rowCount)")
        }
    }

    /// - Throws: `WireError` when the frame is one that no peer may send on a link with these limits.
    func validate(limits: FrameLimits) throws(WireError) {
        guard entries.count <= limits.stepEntries else {
            throw WireError(
                .tooLarge, "step \(step): \(entries.count) entries; the link takes up to \(limits.stepEntries)")
        }
        // At most `stepEntries` counts of 32 bits: the sums cannot overflow.
        for (index, entry) in entries.enumerated() { try entry.validate(index: index) }
        if replayThrough != nil { try validateReplay() }
        let namedRows = entries.reduce(0) { $0 + $1.rowCount }
        guard namedRows <= limits.stepRows else {
            throw WireError(.tooLarge, "step \(step): \(namedRows) rows; the link takes up to \(limits.stepRows)")
        }
        guard width >= 0, width <= limits.width else {
            throw WireError(.tooLarge, "step \(step): rows of \(width) elements; the link takes up to \(limits.width)")
        }
        guard codec.accepts(width: width) else {
            throw WireError(.malformedPayload, "step \(step): a row of codec \(codec) cannot have \(width) elements")
        }
        let rows = rowCount
        guard codec != .none || rows == 0 else {
            throw WireError(.malformedPayload, "step \(step): \(rows) rows and no codec")
        }
        // stepRows and width bound the product far below 2^63.
        let expected = rows * codec.rowBytes(width: width)
        guard payload.readableBytes == expected else {
            throw WireError(
                .malformedPayload,
                "step \(step): \(rows) rows of \(width) as \(codec) are \(expected) bytes, found \(payload.readableBytes)"
            )
        }
    }

    private func validateReplay() throws(WireError) {
        for (index, entry) in entries.enumerated() {
            switch entry {
            case .rows(_, _, _, .none), .fork: break
            case .rows, .open, .trim, .close:
                throw WireError(
                    .malformedPayload,
                    "step \(step), entry \(index): a replay has forks, and rows without results, nothing else")
            }
        }
    }

    func writeHeaderAndTable(into buffer: inout ByteBuffer) {
        buffer.writeInteger(epoch, endianness: .little)
        buffer.writeInteger(stage, endianness: .little)
        buffer.writeInteger(step, endianness: .little)
        buffer.writeInteger(UInt32(width), endianness: .little)
        buffer.writeInteger(codec.rawValue)
        buffer.writeInteger((pruned ? Self.prunedFlag : 0) | (replayThrough == nil ? 0 : Self.replayFlag))
        buffer.writeInteger(replayThrough ?? 0, endianness: .little)
        buffer.writeInteger(UInt32(entries.count), endianness: .little)
        buffer.writeInteger(UInt32(rowCount), endianness: .little)
        for entry in entries { entry.write(into: &buffer) }
    }
}
