import API
import ArgumentParser
import CoordinatorCore
import Foundation
import Terminal

struct EventsCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Shows what happened to the cluster: who left, came back and why, what moved where.",
        discussion: """
            The coordinator keeps the latest \(HistoryRing.standardCapacity) events, also when it starts again.
            Example: shoal events --since 1h --follow
            """)

    @OptionGroup var server: ServerOptions
    @Flag(help: "Goes on, with each event as it happens, until Ctrl-C; also when the coordinator starts again.")
    var follow = false
    @Option(help: ArgumentHelp("Only what happened since, as 90s, 30m, 24h or 7d.", valueName: "TIME"))
    var since: TimeSpan?
    @Flag(help: "Prints JSON: a list, or with --follow an object on each line.") var json = false

    func run() async throws {
        let http = try HTTP(server)
        let start = Date().timeIntervalSince1970 - (since?.seconds ?? .infinity)
        let body = try await page(http, after: 0)
        let events = body.events.filter { $0.time >= start }
        guard follow else {
            if json { return try Console.json(events, keys: .useDefaultKeys) }
            guard !events.isEmpty else {
                return Console.write("nothing happened\(since.map { " in the last \($0.text)" } ?? " yet")\n")
            }
            let width = Self.width(of: events)
            for event in events { Self.write(event, width: width) }
            return
        }
        let width = Self.width(of: events)
        for event in events { try show(event, width: width) }
        try await follow(http, after: body.last, width: width)
    }

    /// Shows what happens, also over the coordinator's end.
    private func follow(_ http: HTTP, after number: UInt64, width: Int) async throws {
        var last = number
        var isAway = false
        while true {
            do {
                for try await data in try await http.events("/api/events?follow=true&after=\(last)") {
                    guard let event = try? JSONDecoder().decode(HistoryEvent.self, from: data) else { continue }
                    last = event.number
                    try show(event, width: width)
                    isAway = false
                }
            } catch {
                if !isAway { Console.error("shoal: \(error); trying again") }
                isAway = true
            }
            try await Task.sleep(for: .seconds(1))
            // Another record begins anew: its numbers are not those of before.
            if let body = try? await page(http, after: 0) {
                if isAway { Console.error("shoal: the coordinator answers again") }
                isAway = false
                if body.last < last { last = 0 }
            }
        }
    }

    private func page(_ http: HTTP, after number: UInt64) async throws -> EventsBody {
        try JSONDecoder().decode(EventsBody.self, from: try await http.get("/api/events?after=\(number)"))
    }

    private func show(_ event: HistoryEvent, width: Int) throws {
        guard json else { return Self.write(event, width: width) }
        try Console.jsonLine(event)
    }

    private static func write(_ event: HistoryEvent, width: Int) {
        let columns = TerminalWindow.columns(of: STDOUT_FILENO)
        Console.write(EventLine.lines(event, deviceWidth: width, columns: columns) + "\n")
    }

    private static func width(of events: [HistoryEvent]) -> Int {
        min(24, max(8, events.map { ($0.device ?? "").count }.max() ?? 0))
    }
}

/// A time that people give: `90s`, `30m`, `24h` or `7d`.
struct TimeSpan: ExpressibleByArgument, Sendable {
    let seconds: Double
    let text: String

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let count = Int(argument.dropLast()),
            (1...1_000_000).contains(count)
        else { return nil }
        seconds = Double(count * unit)
        text = argument
    }
}
