/// The version of this software, as `shoal version` prints it and devices tell each other.
package enum SoftwareVersion {
    package static let current = "0.2.0"
}
