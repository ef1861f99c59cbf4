import CoordinatorCore
import Hummingbird

/// `POST /api/cluster/rebalance`: places the layers as well as they can be; answers pause for a moment and go on.
///
/// For clients on this machine only.
struct RebalanceRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        do {
            return try .json(MoveBody(try await service.placed().rebalance()))
        } catch let error as CoordinatorError {
            throw APIError(placing: error)
        }
    }
}

/// `POST /api/devices/drain` and `POST /api/devices/refill`: empties a device, or lets it hold something again.
///
/// For clients on this machine only.
struct DrainRoute: Sendable {
    let service: APIService
    let isUndone: Bool

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        let device = try await request.json(DeviceRequest.self).device
        do {
            let coordinator = try service.placed()
            return try .json(
                MoveBody(
                    isUndone
                        ? try await coordinator.refill(device: device) : try await coordinator.drain(device: device)))
        } catch let error as CoordinatorError {
            throw APIError(placing: error)
        }
    }
}
