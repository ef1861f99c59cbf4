/// The search's numbers: what each group of equal devices may hold, and what that costs. Times are in whole nanoseconds.
///
/// A *chain* is the devices that hold layers, in the order in which a step passes them. A step's *sum* is all its stages and hops; the
/// *largest* is the longest time for which any device, or any transfer on a link, is taken by one step.
struct SearchSpace {
    /// Devices that are planned as if they were equal.
    struct Item {
        /// Indices of the request's devices, rising.
        let members: [Int]
        /// Bytes for layers: the least of the members'.
        let room: Int
        /// Bytes for their weights on disk, likewise.
        let disk: Int
        /// `elapsed[i]`: the time of the layers `0..<i`, the slowest member's, when memory holds them.
        let elapsed: [Double]
        /// Whether experts of runs that it may hold stay on its disk.
        let usesDisk: Bool
        /// The slowest member's disk, bytes per second.
        let diskSpeed: DeviceSpeed
        /// Layers that it must hold.
        let block: Range<Int>?
        /// Whether it holds the embedding, the head, and their times there.
        let holdsEmbedding: Bool
        let holdsHead: Bool
        /// Milliwatts while it waits, and what computing adds: the most of the members'. Zeros where energy does not matter.
        let idle: Double
        let added: Double
    }

    let layerCount: Int
    let items: [Item]
    /// Time of one stage's overhead, and of the embedding and the head on their devices.
    let stage: Double
    let embedding: Double
    let head: Double
    /// What every step costs: the embedding's and the head's stages, the tokens' and the logits' hops, the coordinator.
    let base: Double
    /// The longest of the transfers that every placement has.
    let baseLargest: Double
    let sharesEnds: Bool
    /// What the devices of embedding and head take: milliwatts all the time, and the picojoules that computing those adds.
    let idleOfEnds: Double
    let addedOfEnds: Double
    /// From item to item, `[items, items]`: hops and the transfers within them.
    private var hops: [Double]
    private var transfers: [Double]
    /// From the embedding to the first of the chain, and from the last to the head; less a stage's overhead where they are one.
    private(set) var arrivals: [Double] = []
    private(set) var arrivalTransfers: [Double] = []
    private(set) var departures: [Double] = []
    private(set) var departureTransfers: [Double] = []
    /// `lows[item * (layerCount + 1) + end]`: the first layer of the longest run up to `end` that an item may hold; rising.
    private(set) var lows: [Int32] = []
    /// Whether a run may end there.
    private(set) var mayEnd: [Bool] = []
    /// The last layer with which each item's run may begin.
    private(set) var latestStart: [Int32] = []
    private let prefix: [Int]
    /// Bytes of the experts of the layers `0..<i`, and those that a step is expected to read.
    private let expertPrefix: [Int]
    private let expertReads: [Double]

    /// - Parameter groups: devices to be planned as equals; what differs within a group counts as the worst of it.
    init(_ problem: PlacementProblem, groups: [[Int]]) {
        let costs = problem.costs
        let devices = problem.request.devices
        let step = StepShape.decoding(streams: 1, history: costs.history)
        layerCount = problem.layerCount
        prefix = problem.checked.prefix
        expertPrefix = problem.checked.expertPrefix
        var reads = [0.0]
        for layer in problem.request.model.layers {
            reads.append(reads[reads.count - 1] + layer.expertBytesRead(rows: step.rows))
        }
        expertReads = reads
        sharesEnds = problem.embeddingDevice == problem.headDevice
        stage = nanoseconds(CostModel.stageOverhead)
        embedding = nanoseconds(costs.embedding(CostModel.speed(devices[problem.embeddingDevice]), step))
        head = nanoseconds(costs.head(CostModel.speed(devices[problem.headDevice]), step))
        var base = nanoseconds(CostModel.turnaround) + embedding + head + 2 * stage
        var largest = 0.0
        for (device, tokens) in [(problem.embeddingDevice, true), (problem.headDevice, false)] {
            guard let link = problem.coordinatorLink(device) else { continue }
            let transfer = tokens ? costs.tokenTransfer(step, link) : costs.logitTransfer(step, link)
            base += nanoseconds(costs.hop(transfer: transfer, link))
            largest = max(largest, nanoseconds(transfer))
        }
        self.base = base
        idleOfEnds = Set([problem.embeddingDevice, problem.headDevice]).sorted().reduce(0) {
            $0 + (problem.power($1)?.idleMilliwatts ?? 0)
        }
        addedOfEnds =
            (problem.power(problem.embeddingDevice)?.addedMilliwatts ?? 0) * (embedding + stage)
            + (problem.power(problem.headDevice)?.addedMilliwatts ?? 0) * (head + stage)
        baseLargest = largest
        items = groups.map { Item(problem, members: $0, step: step) }
        hops = []
        transfers = []
        addHops(problem)
        addRuns(problem)
    }

    func hop(_ from: Int, _ to: Int) -> Double { hops[from * items.count + to] }
    func transfer(_ from: Int, _ to: Int) -> Double { transfers[from * items.count + to] }

    /// What an item is taken by beside its layers, when its run begins with the first layer or ends with the last.
    func overhead(_ item: Int, first: Bool, last: Bool) -> Double {
        stage + (items[item].holdsEmbedding ? embedding + (first ? 0 : stage) : 0)
            + (items[item].holdsHead ? head + (last ? 0 : stage) : 0)
    }

    /// How long a step takes an item for the layers of a run.
    func time(_ index: Int, _ layers: Range<Int>) -> Double {
        let item = items[index]
        let time = item.elapsed[layers.upperBound] - item.elapsed[layers.lowerBound]
        guard item.usesDisk else { return time }
        let all = expertPrefix[layers.upperBound] - expertPrefix[layers.lowerBound]
        let missing = min(all, load(layers) - item.room)
        guard missing > 0 else { return time }
        let read = expertReads[layers.upperBound] - expertReads[layers.lowerBound]
        return time
            + nanoseconds(CostModel.disk(read: read, missing: Double(missing), of: Double(all), item.diskSpeed))
    }

    /// How long a step takes an item that holds a run of layers.
    func occupancy(_ item: Int, _ layers: Range<Int>) -> Double {
        time(item, layers)
            + overhead(item, first: layers.lowerBound == 0, last: layers.upperBound == layerCount)
    }

    /// How long a step takes the devices of embedding and head where those hold no layers.
    func outside(chainHoldsEmbedding: Bool, chainHoldsHead: Bool) -> Double {
        if sharesEnds { return chainHoldsEmbedding ? 0 : embedding + head + 2 * stage }
        return max(chainHoldsEmbedding ? 0 : embedding + stage, chainHoldsHead ? 0 : head + stage)
    }

    func load(_ layers: Range<Int>) -> Int { prefix[layers.upperBound] - prefix[layers.lowerBound] }

    /// Whether an item may hold a run, apart from time.
    func allows(_ item: Int, _ layers: Range<Int>) -> Bool {
        let index = item * (layerCount + 1) + layers.upperBound
        return mayEnd[index] && layers.lowerBound >= Int(lows[index]) && layers.lowerBound <= Int(latestStart[item])
    }

    private mutating func addHops(_ problem: PlacementProblem) {
        /// The worst hop between members of two groups.
        func worst(_ from: [Int], _ to: [Int], before layer: Int? = nil) -> (hop: Double, transfer: Double) {
            var found = (hop: 0.0, transfer: 0.0)
            for one in from {
                for other in to where one != other {
                    let link = problem.link(one, other)
                    let codec = problem.costs.codec(for: link)
                    let transfer = problem.costs.transfer(rows: 1, codec, link, before: layer)
                    found.hop = max(found.hop, nanoseconds(problem.costs.hop(transfer: transfer, link)))
                    found.transfer = max(found.transfer, nanoseconds(transfer))
                }
            }
            return found
        }
        for from in items {
            for to in items {
                let (hop, transfer) = worst(from.members, to.members)
                hops.append(hop)
                transfers.append(transfer)
            }
        }
        for item in items {
            let arrival = worst([problem.embeddingDevice], item.members, before: 0)
            arrivals.append(item.holdsEmbedding ? -stage : arrival.hop)
            arrivalTransfers.append(arrival.transfer)
            let departure = worst(item.members, [problem.headDevice], before: layerCount)
            departures.append(item.holdsHead ? -stage : departure.hop)
            departureTransfers.append(departure.transfer)
        }
    }

    private mutating func addRuns(_ problem: PlacementProblem) {
        let blocks = problem.checked.blocks
        for item in items {
            latestStart.append(Int32(item.block?.lowerBound ?? layerCount - 1))
            var low = 0
            lows.append(0)
            mayEnd.append(false)
            for end in 1...layerCount {
                while low < end
                    && (problem.held(low..<end) > item.room
                        || problem.stored(low..<end, room: item.room) > item.disk)
                { low += 1 }
                // Blocks of others cut the layers.
                if let block = blocks.last(where: { $0.layers.upperBound <= end && $0.layers != item.block }) {
                    low = max(low, block.layers.upperBound)
                }
                if let own = item.block, !problem.extendsPins, end >= own.upperBound { low = max(low, own.lowerBound) }
                let insideOther = blocks.contains {
                    $0.layers != item.block && $0.layers.lowerBound < end && end < $0.layers.upperBound
                }
                let holdsOwn = item.block.map {
                    problem.extendsPins ? end >= $0.upperBound : end == $0.upperBound
                }
                lows.append(Int32(low))
                mayEnd.append(
                    low < end && !insideOther && holdsOwn ?? true && problem.request.model.mayCut(before: end))
            }
        }
    }
}

extension SearchSpace.Item {
    fileprivate init(_ problem: PlacementProblem, members: [Int], step: StepShape) {
        self.members = members
        room = members.map { problem.rooms[$0] }.min() ?? 0
        disk = members.map { problem.disks[$0] }.min() ?? 0
        var elapsed = [0.0]
        let speeds = Set(members.map { CostModel.speed(problem.request.devices[$0]) })
        struct Like: Hashable {
            let weights: PartSize
            let state: StateSize
        }
        let model = problem.request.model
        var known: [Like: Double] = [:]
        for index in model.layers.indices {
            let like = Like(weights: model.layers[index], state: model.states[index])
            let time = known[like] ?? nanoseconds(speeds.map { problem.costs.layer(index, $0, step) }.max() ?? 0)
            known[like] = time
            elapsed.append(elapsed[index] + time)
        }
        self.elapsed = elapsed
        let all = 0..<problem.layerCount
        usesDisk = problem.experts(all) > 0 && problem.load(all) > room
        diskSpeed =
            speeds.min {
                ($0.diskBytesPerSecond ?? DeviceSpeed.nominalDisk) < ($1.diskBytesPerSecond ?? DeviceSpeed.nominalDisk)
            } ?? .nominal
        block = problem.checked.blocks.first { members.contains($0.device) }?.layers
        holdsEmbedding = members.contains(problem.embeddingDevice)
        holdsHead = members.contains(problem.headDevice)
        idle = members.map { problem.power($0)?.idleMilliwatts ?? 0 }.max() ?? 0
        added = members.map { problem.power($0)?.addedMilliwatts ?? 0 }.max() ?? 0
    }
}
