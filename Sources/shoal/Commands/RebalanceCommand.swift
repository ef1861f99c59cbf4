import API
import ArgumentParser
import Foundation
import Placement
import Wire

struct RebalanceCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "rebalance",
        abstract:
            "Places the layers anew, as well as they can be on the devices that are there; running answers go on.",
        discussion: """
            To be run on the coordinator's machine. The coordinator does so by itself when a device joins and it is worth it.
            Example: shoal rebalance --server http://127.0.0.1:8080
            """)

    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    func run() async throws {
        struct Nothing: Encodable {}
        let data = try await HTTP(server).post("/api/cluster/rebalance", Nothing())
        try MoveView.show(JSONDecoder().decode(MoveBody.self, from: data), json: json)
    }
}

struct DrainCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Moves all layers off a device, so that it can be switched off; running answers go on.",
        discussion: """
            The device stays empty until --undo, or until the coordinator starts again. To be run on the coordinator's machine.
            Example: shoal drain pi2
            """)

    @Argument(help: "The device, by its name in `shoal devices`.") var device: String
    @Flag(help: "Lets it hold layers again.") var undo = false
    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON.") var json = false

    func run() async throws {
        let data = try await HTTP(server).post(
            "/api/devices/\(undo ? "refill" : "drain")", DeviceRequest(device: device))
        try MoveView.show(JSONDecoder().decode(MoveBody.self, from: data), json: json)
        if !json, !undo { Console.write("\(device) holds nothing\n") }
    }
}

/// What came of placing layers anew, for people or programs.
enum MoveView {
    static func show(_ body: MoveBody, json: Bool) throws {
        if json { return try Console.json(body) }
        guard body.moved else { return Console.write("nothing to move: the placement is as good as it can be\n") }
        let gain =
            body.expectedGain > 0 ? ", for \(Int(saturating: (100 * body.expectedGain).rounded()))% more tokens/s" : ""
        Console.write("\(body.movedLayers) layer\(body.movedLayers == 1 ? "" : "s") moved\(gain)\n")
        for stage in body.stages {
            let line = "  \(stage.device): \(parts(of: stage).joined(separator: ", "))"
            Console.write(line.printable(onOneLine: true) + "\n")
        }
    }

    private static func parts(of stage: ClusterBody.Stage) -> [String] {
        (stage.embedding ? ["embedding"] : [])
            + (stage.firstLayer < stage.lastLayer
                ? ["layers \(stage.firstLayer)-\(stage.lastLayer.saturatingAdd(-1))"] : [])
            + (stage.head ? ["head"] : [])
    }
}
