/// A device that waits to be let in, or was.
package struct WaitingDevice: Sendable, Hashable {
    package var name: String
    /// From where it asks.
    package var address: String
    /// For how long it waits.
    package var seconds: Int

    package init(name: String, address: String, seconds: Int) {
        self.name = name
        self.address = address
        self.seconds = seconds
    }
}
