/// What a step carries: rows of activations, and positions of the KV cache that they look at.
package struct StepShape: Sendable, Hashable {
    /// Rows of activations.
    package let rows: Int
    /// Rows that become logits.
    package let results: Int
    /// Positions that a row looks at in a layer without a window, on average.
    package let history: Double
    /// Passes over so much of the cache.
    package let passes: Double

    /// Positions whose keys and values are read in each layer, in passes over the cache.
    package var positions: Double { positions(window: nil) }

    /// The same in a layer whose rows see no more than a window.
    package func positions(window: Int?) -> Double { passes * (window.map { min(history, Double($0)) } ?? history) }

    /// Streams that decode: a row each, each with its own history.
    package static func decoding(streams: Int, history: Int) -> StepShape {
        StepShape(rows: streams, results: streams, history: Double(history), passes: Double(streams))
    }

    /// A chunk of one prompt. Its rows share passes over the cache as they share those over weights.
    package static func prompt(rows: Int, from position: Int, isLast: Bool) -> StepShape {
        StepShape(
            rows: rows, results: isLast ? 1 : 0, history: Double(position) + Double(rows) / 2,
            passes: Double(rows) / DeviceSpeed.rowsPerPass)
    }
}

/// How long things take: the only place where the planner's times come from.
///
/// - A layer: its weights' bytes by type (of experts those that are expected to be chosen) at the device's speed for that type and number of rows, the KV cache that its attention reads at
///   the speed of memory, and `layerOverhead`. The head: the same for its rows; the embedding: the rows looked up.
/// - Experts on disk: the bytes of a layer's experts that are expected to be chosen, times the share of the device's experts that its memory does
///   not hold, at the speed of its disk, besides what the layer takes of memory.
/// - A stage: its parts and `stageOverhead`, once per step. These are times that last; for a lone step a plan's prediction takes off what a
///   quota spares a device that has rested (`DutyCycle`), which the search for the plan leaves out.
/// - A hop: half a round trip, the rows' bytes in the link's codec at the link's speed, and `hopOverhead`.
/// - A step: its stages, its hops with that of the token ids and of the logits, and `turnaround`.
///
/// The overheads are the software's own, of the order that was measured on a 2 GHz server core over loopback; against a
/// layer of a real model on a small board they are little.
package struct CostModel: Sendable {
    /// Norms, rotation, handing work to threads: per layer and step.
    package static let layerOverhead = 15e-6
    /// From the event loop to the compute thread and back.
    package static let stageOverhead = 20e-6
    /// Writing, sending, waking up and reading, on both ends of a link.
    package static let hopOverhead = 60e-6
    /// From logits to the next step's tokens in the coordinator.
    package static let turnaround = 50e-6
    /// The codec is chosen so that a hop's transfer takes at most this share of computing all layers on the fastest device.
    package static let largestTransferShare = 0.05
    /// Positions before the rows that are decoded in predictions, where the context allows.
    package static let history = 512

    let model: ModelSizes
    let links: LinkTable
    let codecs: CodecChoice
    let rowsPerStep: Int
    /// Positions before a row that is decoded.
    package let history: Int
    private let fastest: DeviceSpeed

    /// Takes what the times depend on from a request.
    package init(_ request: PlacementRequest) {
        model = request.model
        links = request.links
        codecs = request.preferences.codec
        rowsPerStep = request.rowsPerStep
        history = min(Self.history, request.context / 2)
        let step = StepShape.decoding(streams: 1, history: 0)
        fastest =
            request.devices.map(Self.speed).filter { $0.readBytesPerSecond.isFinite && $0.readBytesPerSecond > 0 }.min {
                Self.layers(request.model, $0, step) < Self.layers(request.model, $1, step)
            } ?? .nominal
    }

    /// How fast a device is taken to be.
    package static func speed(_ device: DeviceCapacity) -> DeviceSpeed { device.speed ?? .nominal }

    /// Seconds of one layer.
    package func layer(_ index: Int, _ speed: DeviceSpeed, _ step: StepShape) -> Double {
        Self.layer(model, index, speed, step)
    }

    /// Seconds in which a step reads experts of a run of layers from the disk.
    ///
    /// - Parameter missing: bytes of the run's experts that memory does not hold. Which they are is as random as the choice of experts.
    package func disk(_ layers: Range<Int>, missing: Int, _ speed: DeviceSpeed, _ step: StepShape) -> Double {
        guard missing > 0 else { return 0 }
        var all = 0.0, read = 0.0
        for layer in model.layers[layers] where layer.expertBytes > 0 {
            all += Double(layer.expertBytes)
            read += layer.expertBytesRead(rows: step.rows)
        }
        return all > 0 ? Self.disk(read: read, missing: Double(missing), of: all, speed) : 0
    }

    static func disk(read: Double, missing: Double, of all: Double, _ speed: DeviceSpeed) -> Double {
        read * min(1, missing / all) / (speed.diskBytesPerSecond ?? DeviceSpeed.nominalDisk)
    }

    /// Seconds of looking tokens up.
    package func embedding(_ speed: DeviceSpeed, _ step: StepShape) -> Double {
        Double(step.rows) * Double(model.embedding.bytes) / Double(max(1, model.vocabulary)) / speed.readBytesPerSecond
    }

    /// Seconds of the final norm and the output matrix.
    package func head(_ speed: DeviceSpeed, _ step: StepShape) -> Double {
        step.results == 0 ? 0 : Self.products(model.head, speed, rows: step.results)
    }

    /// Seconds in which rows pass a link, from the first byte to the last.
    ///
    /// - Parameter layer: the layer that they go to; nil takes the widest rows of those that go from layers to layers.
    package func transfer(rows: Int, _ codec: RowCodec, _ link: LinkSpeed, before layer: Int? = nil) -> Double {
        let width = model.rowWidth(before: layer ?? min(1, model.layers.count))
        return Double(rows) * Double(codec.rowBytes(width: width)) / link.bytesPerSecond
    }

    /// Seconds from a stage's results on one device to their being there on another.
    package func hop(transfer seconds: Double, _ link: LinkSpeed) -> Double {
        link.roundTripSeconds / 2 + seconds + Self.hopOverhead
    }

    /// Seconds in which token ids pass a link.
    func tokenTransfer(_ step: StepShape, _ link: LinkSpeed) -> Double { Double(step.rows) * 4 / link.bytesPerSecond }

    /// Seconds in which logits pass a link, always as f32.
    func logitTransfer(_ step: StepShape, _ link: LinkSpeed) -> Double {
        Double(step.results) * Double(model.vocabulary) * 4 / link.bytesPerSecond
    }

    /// The codec of a link: the one that is asked for, or the most exact whose transfer of a decoded row, and of a full chunk of a
    /// prompt, takes at most `largestTransferShare` of what the fastest device computes all layers in; else the smallest.
    package func codec(for link: LinkSpeed) -> RowCodec {
        switch codecs {
        case .always(let codec): return codec
        case .automatic:
            let steps = [
                StepShape.decoding(streams: 1, history: history), .prompt(rows: rowsPerStep, from: 0, isLast: false),
            ]
            let allowed = RowCodec.allCases.filter(model.accepts)
            return allowed.first { codec in
                steps.allSatisfy {
                    transfer(rows: $0.rows, codec, link) <= Self.largestTransferShare * Self.layers(model, fastest, $0)
                }
            } ?? allowed[allowed.count - 1]
        }
    }

    private static func layers(_ model: ModelSizes, _ speed: DeviceSpeed, _ step: StepShape) -> Double {
        model.layers.indices.reduce(0) { $0 + layer(model, $1, speed, step) }
    }

    private static func layer(_ model: ModelSizes, _ index: Int, _ speed: DeviceSpeed, _ step: StepShape) -> Double {
        let state = model.states[index]
        return products(model.layers[index], speed, rows: step.rows)
            + step.positions(window: state.window) * Double(state.bytesPerPosition) / speed.readBytesPerSecond
            + layerOverhead
    }

    private static func products(_ part: PartSize, _ speed: DeviceSpeed, rows: Int) -> Double {
        part.weights.reduce(0) {
            $0 + $1.bytesRead(rows: rows)
                * speed.secondsPerByte(elementType: $1.elementType, rows: $1.rowsPerPart(rows: rows))
        }
    }
}

/// Whole nanoseconds, so that sums of times are exact in a `Double` and equal times compare as equal. Above three hours per part all
/// are the same.
package func nanoseconds(_ seconds: Double) -> Double { (min(seconds, 1e4) * 1e9).rounded() }
