/// Limits of the protocol that hold on every link (PROTOCOL.md, "Limits").
package enum WireLimits {
    /// Names of devices and models, software versions, instruction sets, in bytes of UTF-8.
    package static let nameBytes = 255
    /// Addresses, in bytes of UTF-8.
    package static let addressBytes = 511
    /// Explanations for people, in bytes of UTF-8. Senders cut what is longer.
    package static let messageBytes = 4095
    /// Shards named in one message.
    package static let shardsPerMessage = 8_192
    /// Stages told in one device report.
    package static let stagesPerReport = 4_096
    /// Sequences named in one failed step.
    package static let sequencesPerMessage = 65_536
    /// Measured rates in one profile of a device.
    package static let ratesPerProfile = 1_024
    /// Addresses in one message.
    package static let addressesPerMessage = 256
    /// Bytes of a link probe, and of its reply.
    package static let probeBytes = 512 << 10
    /// Stages whose caches one stage takes over.
    package static let cacheSources = 1_024
    /// Pages of a sequence's cache, above what the longest context has.
    package static let pages: UInt32 = 1 << 22
    /// Bytes of a page of one layer.
    package static let cachePageBytes = 16 << 20
    /// Bytes of a join token's secret; of a certificate or a request for one; certificates in one message.
    package static let secretBytes = 64
    package static let certificateBytes = 16 << 10
    package static let certificates = 8
    /// The last place of a device that waits; how long it waits at most, in seconds; how often a code may be typed for it.
    package static let lastPairingPlace: UInt32 = 31
    package static let pairingSeconds: UInt32 = 3_600
    package static let pairingTries: UInt32 = 16
    /// Bytes in a key exchange: of its session, of a share, of a proof of the key; of the authority's fingerprint.
    package static let pairingSessionBytes = 16
    package static let pairingShareBytes = 32
    package static let confirmationBytes = 64
    package static let fingerprintBytes = 32
    /// Devices that are shut out.
    package static let revocations = 4_096
    /// Digits of an identity.
    package static let identityDigits = 32
    /// Devices of one kind that are admitted in one message.
    package static let admittedPeers = 4_096
    /// The highest number of layers, above any model known.
    package static let layers: UInt32 = 65_536
    /// The longest context, in positions.
    package static let context: UInt32 = 1 << 28
    /// The most positions that the caches of a stage may be asked to have room for in all.
    package static let keyValuePositions: UInt64 = 1 << 40
    /// Different windows of a model's layers.
    package static let windows = 64
    /// The most sequences that a stage may be asked to hold at once.
    package static let slots: UInt32 = 65_536
    /// What a device may say that it has or holds, in bytes: 1 PiB. Senders tell no more.
    package static let deviceBytes: UInt64 = 1 << 50
    /// Cores, threads and sequences of a device, each.
    package static let deviceThreads: UInt32 = 65_536
    /// What a device may say that it takes, in thousandths of a watt: 10 kW. Senders tell no more.
    package static let deviceMilliwatts: UInt32 = 10_000_000
    /// A temperature in thousandths of a kelvin, and a frequency in megahertz.
    package static let millikelvin: UInt32 = 1_000_000
    package static let megahertz: UInt32 = 1_000_000
    /// As how many times slower, in hundredths, a device may ask to be reckoned with.
    package static let slowerHundredths: UInt32 = 100_000
    /// Findings of a device, and the bytes of UTF-8 of what each says. Senders cut what is longer.
    package static let findings = 64
    package static let findingBytes = 511
    /// Counts of work, times in nanoseconds and rates in bytes per second: none reaches this in decades, and sums of some do not overflow.
    /// Senders tell no more.
    package static let count: UInt64 = 1 << 60
    /// A round trip in nanoseconds: an hour and more.
    package static let roundTrip: UInt64 = 1 << 42
    /// The largest shard: 1 TiB.
    package static let shardBytes: UInt64 = 1 << 40
}
