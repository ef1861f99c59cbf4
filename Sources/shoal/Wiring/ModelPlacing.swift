import API
import ClusterStore
import CoordinatorCore
import Foundation
import Placement
import Wire

/// Has a coordinator place a model, and shows how far it is.
struct ModelPlacing {
    let http: HTTP
    /// The model's file, on the coordinator's machine.
    let path: String
    let wishes: PlacementWishes

    /// What came of it.
    struct Placed {
        var model: String
        var stages: [ClusterBody.Stage]
        var seconds: Double
        /// Bytes that went over the coordinator's link, and that devices gave each other.
        var sentBytes = 0
        var passedOnBytes = 0
    }

    private struct Failure: Decodable {
        struct Details: Decodable { var message: String }
        var error: Details
    }

    /// - Throws: `CommandError` where the model is not placed.
    func run() async throws -> Placed {
        let started = ContinuousClock.now
        let display = StartupDisplay(verbose: true)
        let farewell = Farewell(
            "the coordinator goes on placing \(URL(filePath: path).lastPathComponent); `shoal models` tells when it is placed"
        )
        defer { farewell.cancel() }
        var (sent, passedOn) = (0, 0)
        for try await data in try await http.events("/api/models/place", PlaceRequest(path: path, wishes: wishes)) {
            if let failure = try? JSONDecoder().decode(Failure.self, from: data) {
                display.end()
                throw CommandError(failure.error.message)
            }
            // A newer coordinator may tell more than is known here.
            guard let event = try? JSONDecoder().decode(PlacementEvent.self, from: data) else { continue }
            if let progress = event.progress { display.show(progress) }
            if event.event == .placed { display.show(.note(Self.prediction(event))) }
            (sent, passedOn) = (
                sent.saturatingAdd(event.sentBytes ?? 0), passedOn.saturatingAdd(event.passedOnBytes ?? 0)
            )
            guard event.event == .ready, let id = event.model else { continue }
            display.end()
            return Placed(
                model: id, stages: event.stages ?? [], seconds: (ContinuousClock.now - started) / .seconds(1),
                sentBytes: sent, passedOnBytes: passedOn)
        }
        display.end()
        throw CommandError("the coordinator ended before the model was ready: its own output says why")
    }

    private static func prediction(_ event: PlacementEvent) -> String {
        let devices = event.devices ?? 0
        var text = "planned on \(devices) device\(devices == 1 ? "" : "s")"
        if let one = event.tokensPerSecond { text += ": \(rate(one)) predicted for one stream" }
        if let streams = event.streams, streams > 1, let all = event.tokensPerSecondOfStreams {
            text += ", \(rate(all)) for \(streams) together"
        }
        return text
    }

    private static func rate(_ tokens: Double) -> String {
        String(format: tokens < 10 ? "%.2f tokens/s" : "%.1f tokens/s", tokens)
    }
}

/// Says what goes on without the program when it is interrupted, and lets it end so. Until it is cancelled.
final class Farewell: Sendable {
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    init(_ text: String) {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            // The terminal has shown ^C on the line.
            Console.errorUnescaped("\n")
            Console.error(text)
            signal(SIGINT, SIG_DFL)
            kill(getpid(), SIGINT)
        }
        source.resume()
    }

    func cancel() {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
}
