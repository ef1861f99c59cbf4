import CoordinatorCore
import Hummingbird

/// `POST /api/devices/remove`: shuts a device out of the cluster.
///
/// For clients on this machine only.
struct RemoveDeviceRoute: Sendable {
    /// `nil` where no device can join.
    let joining: @Sendable () -> JoinService?

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        let name = try await request.json(RemoveDeviceRequest.self).device
        guard let joining = joining() else {
            throw APIError.invalidRequest(
                "no device has joined here: the coordinator runs without an authority, or with --insecure",
                parameter: "device", code: "no_authority")
        }
        do throws(CoordinatorError) {
            try await joining.remove(name)
        } catch {
            throw error.code == .invalidRequest
                ? APIError.invalidRequest(
                    error.message, parameter: "device", code: "device_not_found", status: .notFound)
                : APIError(error)
        }
        return try .json(RemovedDeviceBody(removed: name))
    }
}
