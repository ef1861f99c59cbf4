/// A device's processor architecture.
package enum Architecture: UInt32, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// 64-bit x86.
    case x86 = 1
    /// 64-bit Arm.
    case arm64 = 2

    /// `x86_64` or `arm64`.
    package var description: String {
        switch self {
        case .x86: "x86_64"
        case .arm64: "arm64"
        }
    }

    /// The architecture that this program was built for.
    package static var current: Architecture {
        #if arch(x86_64)
        .x86
        #elseif arch(arm64)
        .arm64
        #else
        #error("Shoal runs on x86_64 and arm64")
        #endif
    }
}
