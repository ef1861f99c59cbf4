import Wire

extension WorkerClient {
    /// Asks the worker what it is and what it holds.
    func describe() async throws(CoordinatorError) -> DeviceReport {
        guard case .deviceReport(let report) = try await request(.describeDevice(DescribeDevice())) else {
            throw CoordinatorError(.worker, "\(device) answered a question about itself with something else")
        }
        return report
    }
}
