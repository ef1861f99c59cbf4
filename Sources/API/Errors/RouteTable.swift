import Hummingbird

/// Which methods each path has, to tell an unknown path from a wrong method.
struct RouteTable: Sendable {
    private var methods: [(path: [Substring], method: String)] = []

    /// Notes a route; a component `{name}` stands for any one.
    mutating func add(_ method: String, _ path: String) {
        methods.append((path.split(separator: "/"), method))
    }

    /// The methods of a path, in the order they were added; empty for an unknown path.
    func methods(at path: String) -> [String] {
        let components = path.split(separator: "/")
        return methods.filter { route in
            route.path.count == components.count
                && zip(route.path, components).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }.map(\.method)
    }

    /// The error for a request that reached no route, or failed with a bare status.
    func apiError(for status: HTTPResponse.Status, method: String, path: String) -> APIError {
        guard status == .notFound else {
            return .invalidRequest(status.reasonPhrase, status: status)
        }
        let allowed = methods(at: path)
        guard !allowed.isEmpty else {
            return .invalidRequest(
                "unknown path \(path); the API is at /v1/chat/completions, /v1/completions and /v1/models",
                code: "unknown_url", status: .notFound)
        }
        var error = APIError.invalidRequest(
            "\(path) takes \(allowed.joined(separator: " or ")), not \(method)", code: "method_not_allowed",
            status: .methodNotAllowed)
        error.allowedMethods = allowed
        return error
    }
}
