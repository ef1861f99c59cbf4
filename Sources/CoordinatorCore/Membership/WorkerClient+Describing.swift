import Wire

extension WorkerClient {
    /// How long a device may take to say what it is: it may be hashing shards.
    private static let describingLimit = Duration.seconds(30)

    /// Asks the worker what it is and what it holds.
    func describe() async throws(CoordinatorError) -> DeviceReport {
        let reply = try await request(.describeDevice(DescribeDevice()), within: Self.describingLimit)
        guard case .deviceReport(let report) = reply else {
            throw CoordinatorError(.worker, "\(device) answered a question about itself with something else")
        }
        return report
    }
}
