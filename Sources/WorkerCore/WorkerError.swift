package import Wire

/// What a worker could not do: the code travels to the coordinator, the message (cause and mend) to people.
package struct WorkerError: Error, Sendable, Hashable, CustomStringConvertible {
    package var code: FailureCode
    package var message: String

    package init(_ code: FailureCode, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
