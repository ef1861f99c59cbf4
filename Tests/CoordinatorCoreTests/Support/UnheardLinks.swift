import Synchronization
import Transport
import Wire

/// Takes what comes over links, and does nothing but count these.
final class UnheardLinks: LinkHandler {
    private let count = Atomic<Int>(0)

    /// How many were opened.
    var opened: Int { count.load(ordering: .relaxed) }

    func opened(_ link: any Link) { count.add(1, ordering: .relaxed) }
    func received(_ frame: Frame, on link: any Link) {}
    func closed(_ link: any Link, error: TransportError?) {}
}
