import Logging
import Placement
import Transport
package import Wire

/// Measuring the device and its links.
extension Worker {
    /// Measures the device where that was not done yet, while nothing else waits for it: what a worker does on its first start.
    package func measureOnce() {
        profiler.measure(again: false) { [logger] result in
            switch result {
            case .success(let profile):
                logger.info(
                    "device measured",
                    metadata: ["reads memory with": "\(ByteCount(Int(clamping: profile.readBytesPerSecond)))/s"])
            case .failure(let error): logger.info("not measured", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Answers with the device's profile.
    ///
    /// - Parameter done: called once, on any thread, with the reply.
    func measureDevice(_ request: MeasureDevice, done: @escaping @Sendable (ControlBody) -> Void) {
        profiler.measure(again: request.again) { result in
            switch result {
            case .success(let profile): done(.deviceProfile(profile))
            case .failure(let error): done(.failure(Failure(code: error.code, message: error.message)))
            }
        }
    }

    /// Measures the link from here to another worker. The reply does not tell why that cannot be reached: who asks would learn of ports
    /// that are none of its business.
    ///
    /// - Parameter done: called once, on any thread, with the reply.
    func measureLink(_ request: MeasureLink, done: @escaping @Sendable (ControlBody) -> Void) {
        Task { [self] in
            do throws(TransportError) {
                let endpoint = try endpoint(request.address, of: request.identity)
                let profile = try await MeasuringLink.measure(
                    endpoint, over: transport, member: request.identity, name: configuration.name)
                done(.linkProfile(profile))
            } catch {
                logger.info("link not measured", metadata: ["reason": "\(error)"])
                let message = "\(configuration.name) cannot reach \(request.address); its log says why"
                done(.failure(Failure(code: .nextUnreachable, message: message)))
            }
        }
    }

    /// Measures this device without a daemon, and keeps the result where one of the same configuration finds it.
    ///
    /// - Throws: `WorkerError` when there is no memory to measure with.
    package static func measureDevice(
        _ configuration: WorkerConfiguration
    ) async throws(WorkerError) -> DeviceProfile {
        try await DeviceProfiler.measureAlone(configuration)
    }
}
