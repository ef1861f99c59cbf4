/// What one link asked for that is still being worked on: requests that wait for the disk or for the thread that computes, and pieces of
/// shards that are not written yet. A pure value, which tells when the link must stop reading, so that a peer that asks faster than a slow
/// disk answers fills no memory.
package struct RequestBacklog: Sendable {
    /// Requests at which reading stops: several times what is asked at a time.
    package static let most = 32
    /// Bytes of pieces at which reading stops: twice what a sender may have on its way.
    package static let mostBytes = 16 << 20

    package private(set) var count = 0
    package private(set) var bytes = 0
    package private(set) var isReading = true

    package init() {}

    /// A request came, with so many bytes.
    package mutating func received(_ bytes: Int = 0) {
        count += 1
        self.bytes += bytes
        if count >= Self.most || self.bytes >= Self.mostBytes { isReading = false }
    }

    /// It is done.
    package mutating func done(_ bytes: Int = 0) {
        count -= 1
        self.bytes -= bytes
        precondition(count >= 0 && self.bytes >= 0, "\(count) requests with \(self.bytes) bytes")
        if count <= Self.most / 2 && self.bytes <= Self.mostBytes / 2 { isReading = true }
    }
}
