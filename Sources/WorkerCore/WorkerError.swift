package import Wire

/// What a worker could not do: the code travels to the coordinator, the message (cause and mend) to people.
package struct WorkerError: Error, Sendable, Hashable, CustomStringConvertible {
    package var code: FailureCode
    package var message: String
    /// The sequences that it is about; none where that is all.
    package var sequences: [UInt32]

    package init(_ code: FailureCode, _ message: String, sequences: [UInt32] = []) {
        self.code = code
        self.message = message
        self.sequences = sequences
    }

    package var description: String { message }
}
