import CoordinatorCore
import Hummingbird

/// `POST /api/devices/rename`: gives a device that joined another name.
///
/// For clients on this machine only.
struct RenameDeviceRoute: Sendable {
    /// `nil` where no device can join.
    let joining: @Sendable () -> JoinService?

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        let wish = try await request.json(RenameDeviceRequest.self)
        guard let joining = joining() else {
            throw APIError.invalidRequest(
                "no device has joined here: the coordinator runs without an authority, or with --insecure; a worker's own --name is its name then",
                parameter: "device", code: "no_authority")
        }
        do throws(CoordinatorError) {
            try await joining.rename(wish.device, to: wish.name)
        } catch {
            throw error.code == .invalidRequest
                ? APIError.invalidRequest(error.message, parameter: "device", code: "not_renamed") : APIError(error)
        }
        return try .json(RenamedDeviceBody(renamed: wish.device, name: wish.name))
    }
}
