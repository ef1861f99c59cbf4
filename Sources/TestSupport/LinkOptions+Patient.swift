import NIOCore
package import Transport

extension LinkOptions {
    /// Of links that no slow machine loses: tests make losses by closing links.
    package static var patient: LinkOptions { LinkOptions().patient }

    /// The same with times that only end a test that hangs.
    package var patient: LinkOptions {
        var options = self
        options.handshakeTimeout = .minutes(2)
        options.leastConnectTimeout = .minutes(2)
        options.giveUpAfter = .minutes(2)
        options.lingerTimeout = .minutes(2)
        options.writePatience = .minutes(2)
        return options
    }
}
