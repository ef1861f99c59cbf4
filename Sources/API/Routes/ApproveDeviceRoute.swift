import CoordinatorCore
import Hummingbird

/// `POST /api/devices/approve`: lets the device in that shows a code. `POST /api/devices/waiting`: which devices show one.
///
/// For clients on this machine only.
struct ApproveDeviceRoute: Sendable {
    /// `nil` where no device can join.
    let joining: @Sendable () -> JoinService?

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        let code = try await request.json(ApproveDeviceRequest.self).code
        let joining = try service()
        let device: WaitingDevice
        do throws(CoordinatorError) {
            device = try await joining.approve(code)
        } catch {
            throw error.code == .invalidRequest
                ? APIError.invalidRequest(error.message, parameter: "code", code: "code_not_taken") : APIError(error)
        }
        return try .json(ApprovedDeviceBody(name: device.name, address: device.address))
    }

    func list(_ request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        return try .json(WaitingDevicesBody(try service().waitingDevices))
    }

    private func service() throws(APIError) -> JoinService {
        guard let joining = joining() else {
            throw .invalidRequest(
                "no device can join here: run `shoal init` on this machine, and start the coordinator again, without --insecure",
                code: "no_authority")
        }
        return joining
    }
}
