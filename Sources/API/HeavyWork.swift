import Dispatch

/// Work on large requests, one after the other and not on the threads that all requests share.
enum HeavyWork {
    /// Bytes up to which work is done at once: about a millisecond.
    private static let light = 64 << 10
    private static let queue = DispatchQueue(label: "shoal.requests", qos: .utility)

    /// Does work on a request.
    ///
    /// - Parameter bytes: the request's size.
    static func run<Value: Sendable>(
        bytes: Int, _ work: @escaping @Sendable () throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        guard bytes > light else { return try work() }
        let result: Result<Value, APIError> = await withCheckedContinuation { done in
            queue.async { done.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }
}
