#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A device's clock beside the coordinator's, both read at about the same time; seconds since 1970.
package struct ClockComparison: Sendable, Hashable {
    /// Clocks that are further apart are told of.
    package static let toldSeconds: Int64 = 60
    /// Clocks that are further apart may keep links from opening: a certificate is dated back by so much.
    package static let certificateSeconds = CertificateLife.backdatedSeconds

    package let device: Int64
    package let coordinator: Int64

    package init(device: Int64, coordinator: Int64) {
        self.device = device
        self.coordinator = coordinator
    }

    /// How far the device is ahead.
    package var secondsAhead: Int64 { device.subtractingReportingOverflow(coordinator).partialValue }

    package var isTold: Bool { secondsAhead.magnitude > UInt64(Self.toldSeconds) }

    /// Whether links may not open for it.
    package var endangersLinks: Bool { secondsAhead.magnitude > UInt64(Self.certificateSeconds) }

    /// What the device's clock says, what the coordinator's, and how far they are apart: the rest of a sentence about the device's clock.
    package var summary: String {
        "says \(Self.text(device)), the coordinator's says \(Self.text(coordinator)): \(Self.span(secondsAhead.magnitude)) \(secondsAhead > 0 ? "ahead" : "behind")"
    }

    /// What to do on the machine whose clock is wrong.
    package static let mend = "sudo timedatectl set-ntp true; see: timedatectl status"

    /// A time for people, as `2026-11-30 21:05:09Z`; what no calendar has is a number.
    package static func text(_ seconds: Int64) -> String {
        // Years 1 to 9999.
        guard (-62_135_596_800...253_402_300_799).contains(seconds) else { return "\(seconds) s since 1970" }
        return Date(timeIntervalSince1970: Double(seconds)).formatted(
            Date.ISO8601FormatStyle(dateTimeSeparator: .space))
    }

    private static func span(_ seconds: UInt64) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) minutes"
        case ..<172_800: "\(seconds / 3_600) hours"
        case ..<(730 * 86_400): "\(seconds / 86_400) days"
        default: "\(seconds / (365 * 86_400)) years"
        }
    }
}
