/// What tells how much power this device takes.
package struct PowerSource: Sendable, Hashable {
    /// How much of the device a source sees. The cases are ordered by what is preferred.
    package enum Scope: Int, Sendable, Hashable {
        /// A sensor in the supply: all of it.
        case board = 0
        /// The platform, by the processor's own account.
        case platform
        /// Processors and memory alone: less than the plug gives.
        case processor
    }

    /// How it is read. Files add up.
    enum Reading: Sendable, Hashable {
        /// Counters of microjoules, each with the value at which it begins again at 0; 0 where that is not told.
        case counters([Counter])
        /// Files of microwatts.
        case microwatts([String])
        /// Files of millivolts and milliamperes.
        case millivoltsAndMilliamperes([Pair])
        /// A raw number and what it is to be multiplied by for milliwatts (Linux, iio).
        case rawAndScale(String, String)
    }

    struct Counter: Sendable, Hashable {
        let path: String
        let range: Int
    }

    struct Pair: Sendable, Hashable {
        let millivolts: String
        let milliamperes: String
    }

    /// For people: `ina226`, `RAPL package-0`.
    package let name: String
    package let scope: Scope
    let reading: Reading
}

/// What a source says at a moment.
package enum PowerSample: Sendable, Hashable {
    /// Joules of each counter, and where it begins again.
    case joules([Counted])
    case watts(Double)

    package struct Counted: Sendable, Hashable {
        let microjoules: Int
        let range: Int
    }
}

extension Machine {
    /// What the source says now; `nil` where it says nothing, or what cannot be.
    package func sample(_ source: PowerSource) -> PowerSample? {
        switch source.reading {
        case .counters(let counters):
            var counted: [PowerSample.Counted] = []
            for counter in counters {
                guard let count = files.number(counter.path, in: 0...Int.max) else { return nil }
                counted.append(.init(microjoules: count, range: counter.range))
            }
            return .joules(counted)
        case .microwatts(let paths):
            var sum = 0
            for path in paths {
                guard let watts = files.number(path, in: 0...Self.mostMicrowatts) else { return nil }
                sum += watts
            }
            return .watts(Double(sum) / 1e6)
        case .millivoltsAndMilliamperes(let pairs):
            var sum = 0.0
            for pair in pairs {
                guard let volts = files.number(pair.millivolts, in: 0...1_000_000),
                    let amperes = files.number(pair.milliamperes, in: -1_000_000...1_000_000)
                else { return nil }
                sum += Double(volts) * Double(max(0, amperes)) / 1e6
            }
            return .watts(sum)
        case .rawAndScale(let raw, let scale):
            guard let raw = files.number(raw, in: 0...Int(Int32.max)), let text = files.text(scale),
                let scale = Double(text), scale > 0, scale.isFinite, Double(raw) * scale <= Double(Self.mostMicrowatts)
            else { return nil }
            return .watts(Double(raw) * scale / 1e3)
        }
    }

    /// More than any device of a cluster takes: ten kilowatts.
    private static let mostMicrowatts = 10_000_000_000
}
