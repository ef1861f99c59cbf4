/// Something that happened to a cluster, as it is told to people and kept. Sizes are in bytes.
package struct HistoryEvent: Codable, Sendable, Hashable {
    /// What happened. The names stand in JSON and in stores: they are added to, never changed.
    package enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
        /// The coordinator itself.
        case started, stopped
        /// A device became a member, was shut out, got another name, is at another address.
        case joined, removed, renamed, moved
        /// The link to a device ended; one does not answer when it is called; one is linked again.
        case lost, unreachable, returned
        /// A device was emptied, or may hold layers again.
        case drained, refilled
        /// A device computes slower than it did: too hot, throttled or busy.
        case slow
        /// Devices and links were measured.
        case measured
        /// Layers are on their way; they are where they are to be; they could not be placed; the model was taken away.
        case placing, placed
        case notPlaced = "not_placed"
        case unloaded
        /// What devices kept of a model that is not served was removed.
        case forgotten
        /// Answers wait for a placement; they go on.
        case suspended, resumed
    }

    /// Layers that went from one device to another.
    package struct Move: Codable, Sendable, Hashable {
        /// Who had them; absent where nobody had.
        package var from: String?
        package var to: String
        package var firstLayer: Int
        /// Exclusive.
        package var lastLayer: Int

        package init(from: String?, to: String, layers: Range<Int>) {
            self.from = from
            self.to = to
            (firstLayer, lastLayer) = (layers.lowerBound, layers.upperBound)
        }

        enum CodingKeys: String, CodingKey {
            case from, to
            case firstLayer = "first_layer"
            case lastLayer = "last_layer"
        }
    }

    /// Counts from 1 and rises by one with each event, over all runs of a coordinator; 0 before it is recorded.
    package var number: UInt64 = 0
    /// By the coordinator's clock, seconds since 1970.
    package var time: Double = 0
    package var event: Kind
    /// Absent where it is the coordinator or the model that it is about.
    package var device: String?
    package var model: String?
    /// Why, in plain words.
    package var reason: String?
    /// Where the device is now.
    package var address: String?
    /// The name or address of before.
    package var before: String?
    /// For how long: it was linked before it was lost, was away, took to place or measure, answers waited.
    package var seconds: Double?
    package var moves: [Move]?
    /// Shards over the coordinator's link, and from device to device.
    package var sentBytes: Int?
    package var passedOnBytes: Int?
    /// What was freed on disks.
    package var freedBytes: Int?

    package init(_ event: Kind, device: String? = nil, model: String? = nil, reason: String? = nil) {
        self.event = event
        self.device = device
        self.model = model
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case number, time, event, device, model, reason, address, before, seconds, moves
        case sentBytes = "sent_bytes"
        case passedOnBytes = "passed_on_bytes"
        case freedBytes = "freed_bytes"
    }
}

extension HistoryEvent.Move {
    /// Which layers change hands from one placement to the next, in the order of the layers.
    ///
    /// - Parameters:
    ///   - before: who has which layers; empty is nobody.
    ///   - after: who is to have them.
    package static func moves(
        from before: [(device: String, layers: Range<Int>)], to after: [(device: String, layers: Range<Int>)]
    ) -> [Self] {
        var moves: [Self] = []
        for stage in after {
            for layer in stage.layers {
                let holders = before.filter { $0.layers.contains(layer) }.map(\.device)
                if holders.contains(stage.device) { continue }
                if let last = moves.last, last.to == stage.device, last.from == holders.first, last.lastLayer == layer {
                    moves[moves.count - 1].lastLayer += 1
                } else {
                    moves.append(Self(from: holders.first, to: stage.device, layers: layer..<layer + 1))
                }
            }
        }
        return moves
    }
}
