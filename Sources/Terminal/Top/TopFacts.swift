/// What `shoal top` shows of a cluster, in words and numbers that are ready to be drawn.
package struct TopFacts: Sendable, Hashable {
    package struct Device: Sendable, Hashable {
        package var name: String
        /// Such as `layers 0-9`; empty where it holds nothing.
        package var holds: String
        /// For how much of the time it computes, from 0 to 1; `nil` is not known.
        package var busy: Double?
        /// Such as `1.2 of 3.4 GiB`.
        package var memory: String
        /// Degrees, such as `61`.
        package var celsius: String
        /// Its way to the coordinator, such as `0.4 ms 94 MB/s`.
        package var link: String
        /// What is wrong with it; empty where all is well.
        package var trouble: String

        package init(
            name: String, holds: String, busy: Double?, memory: String, celsius: String, link: String, trouble: String
        ) {
            self.name = name
            self.holds = holds
            self.busy = busy
            self.memory = memory
            self.celsius = celsius
            self.link = link
            self.trouble = trouble
        }
    }

    package struct Event: Sendable, Hashable {
        package var time: String
        package var device: String
        package var words: String
        /// Whether it is of a kind that people want to see: something broke.
        package var isBad: Bool

        package init(time: String, device: String, words: String, isBad: Bool) {
            self.time = time
            self.device = device
            self.words = words
            self.isBad = isBad
        }
    }

    package enum State: Sendable, Hashable { case good, waiting, bad }

    /// The model, or that there is none.
    package var title: String
    /// Such as `answers`.
    package var status: String
    package var state: State
    /// Such as `12.3 tokens/s`, the more important ones first.
    package var facts: [String]
    package var devices: [Device]
    /// The latest last.
    package var events: [Event]
    /// What else is to be said, such as that the coordinator does not answer.
    package var notes: [String]

    package init(
        title: String, status: String, state: State, facts: [String] = [], devices: [Device] = [],
        events: [Event] = [], notes: [String] = []
    ) {
        self.title = title
        self.status = status
        self.state = state
        self.facts = facts
        self.devices = devices
        self.events = events
        self.notes = notes
    }
}
