import Wire

extension WorkerClient {
    /// Asks the worker what it is and what it holds.
    func describe() async throws(CoordinatorError) -> DeviceReport {
        let reply = try await request(.describeDevice(DescribeDevice()), within: limits?.describing)
        guard case .deviceReport(let report) = reply else {
            throw CoordinatorError(.worker, "\(device) answered a question about itself with something else")
        }
        return report
    }
}
