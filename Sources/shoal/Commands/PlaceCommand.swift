import API
import ArgumentParser
import Foundation
import Placement
import Wire

struct PlaceCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "place", abstract: "Has the coordinator place a model, in place of the one it serves.",
        discussion: """
            Sends each device the layers that it lacks and makes the model ready; what was sent is not sent again, also after a cut. To be
            run on the coordinator's machine, which has the file.
            Example: shoal place llama-2-13b.Q4_0.gguf
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file.", valueName: "model")) var model: String
    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    private struct Failure: Decodable {
        struct Details: Decodable { var message: String }
        var error: Details
    }

    private struct Document: Encodable {
        var model: String
        var seconds: Double
        /// Bytes that went over the coordinator's link, and that devices gave each other.
        var sentBytes: Int
        var passedOnBytes: Int
        var stages: [StageTable.Row]
    }

    func run() async throws {
        let path = URL(filePath: model).standardizedFileURL.path
        let started = ContinuousClock.now
        let display = StartupDisplay(verbose: true)
        var (sent, passedOn) = (0, 0)
        for try await data in try await HTTP(server).events("/api/models/place", PlaceRequest(path: path)) {
            if let failure = try? JSONDecoder().decode(Failure.self, from: data) {
                display.end()
                throw CommandError(failure.error.message)
            }
            let event = try JSONDecoder().decode(PlacementEvent.self, from: data)
            if let progress = event.progress { display.show(progress) }
            (sent, passedOn) = (
                sent.saturatingAdd(event.sentBytes ?? 0), passedOn.saturatingAdd(event.passedOnBytes ?? 0)
            )
            guard event.event == .ready, let id = event.model else { continue }
            display.end()
            let (stages, seconds) = (event.stages ?? [], (ContinuousClock.now - started) / .seconds(1))
            if json {
                return try Console.json(
                    Document(
                        model: id, seconds: seconds, sentBytes: sent, passedOnBytes: passedOn,
                        stages: stages.map(StageTable.Row.init)))
            }
            Console.write(StageTable(stages).description + "\n")
            Console.write("\(id.printable(onOneLine: true)) is ready after \(String(format: "%.1f", seconds)) s\n")
            return
        }
        throw CommandError("the coordinator ended before the model was ready: its own output says why")
    }
}
