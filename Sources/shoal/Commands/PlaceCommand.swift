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
            run on the coordinator's machine, which has the file. What options say holds for this placement, also when the coordinator
            starts again; the others are those of `shoal serve`. Interrupted, the coordinator goes on placing.
            Example: shoal place llama-2-13b --context 2048 --dry-run
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file, or its name.", valueName: "model")) var model: String
    @OptionGroup var models: ModelsFolderOptions
    @OptionGroup var wished: PlacingOptions
    @Flag(help: "Shows the plan and places nothing: the model that is served goes on.") var dryRun = false
    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    private struct Document: Encodable {
        var model: String
        var seconds: Double
        /// Bytes that went over the coordinator's link, and that devices gave each other.
        var sentBytes: Int
        var passedOnBytes: Int
        var stages: [StageTable.Row]
    }

    func run() async throws {
        let http = try HTTP(server)
        let path = try await models.path(of: model, http)
        if dryRun {
            let data = try await http.post("/api/models/plan", PlaceRequest(path: path, wishes: wished.wishes))
            let body = try PlanBody.decoded(data)
            return try PlanView.show(body.plan, body.shortfall, json: json)
        }
        let placed = try await ModelPlacing(http: http, path: path, wishes: wished.wishes).run()
        if json {
            return try Console.json(
                Document(
                    model: placed.model, seconds: placed.seconds, sentBytes: placed.sentBytes,
                    passedOnBytes: placed.passedOnBytes, stages: placed.stages.map(StageTable.Row.init)))
        }
        Console.write(StageTable(placed.stages).description + "\n")
        Console.write(
            "\(placed.model.printable(onOneLine: true)) is ready after \(String(format: "%.1f", placed.seconds)) s\n")
    }
}

/// Where models are found by their names.
struct ModelsFolderOptions: ParsableArguments {
    @Option(
        name: .customLong("models-dir"),
        help: ArgumentHelp(
            "Where models are found by name (default: models in the coordinator's data folder, the working folder, and the folders of models that were placed before).",
            valueName: "FOLDER"))
    var folder: String?

    func validate() throws {
        guard folder?.isEmpty != true else { throw ValidationError("--models-dir takes a folder, not nothing") }
    }

    /// The whole path of a model's file.
    ///
    /// - Throws: `CommandError` where a name means no file or several, or no coordinator answers.
    func path(of model: String, _ http: HTTP) async throws -> String {
        if ModelLibrary.isPath(model) { return ModelLibrary.absolute(model) }
        let known = try JSONDecoder().decode(KnownModelList.self, from: try await http.get("/api/models"))
        return try ModelLibrary(folder: folder, of: known).path(named: model)
    }
}
