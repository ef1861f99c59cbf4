/// What came of asking the devices of a cluster how they are.
package struct ClusterFacts: Sendable {
    /// A device and what it said.
    package struct Device: Sendable {
        package enum Answer: Sendable {
            /// Its findings, its program's version, and how many seconds its clock is ahead; `nil` where it does not tell the time.
            case findings([Finding], version: String, secondsAhead: Int?)
            /// Its program is of before this question.
            case tooOld(version: String)
            /// What answers there is none of this cluster's devices; why not, in words.
            case ofNoneOfOurs(String)
            case unreachable(String)
        }

        package let name: String
        package let address: String
        package let answer: Answer

        package init(name: String, address: String, answer: Answer) {
            self.name = name
            self.address = address
            self.answer = answer
        }
    }

    /// A cluster whose devices announce themselves on this network.
    package struct Neighbour: Sendable, Hashable {
        /// A short form of its authority's fingerprint.
        package let fingerprint: String
        package let address: String

        package init(fingerprint: String, address: String) {
            self.fingerprint = fingerprint
            self.address = address
        }
    }

    /// The version of the program that asks.
    package var version: String
    package var devices: [Device]
    /// Other clusters that were seen.
    package var neighbours: [Neighbour]

    package init(version: String, devices: [Device], neighbours: [Neighbour] = []) {
        self.version = version
        self.devices = devices
        self.neighbours = neighbours
    }
}
