import API
import ArgumentParser
import Foundation

struct ApproveCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Lets a device in that shows a code: shoal join HOST, there.",
        discussion: """
            On the coordinator's machine, while `shoal serve` runs. Exactly the device that shows the code becomes a member, and knows by it
            that this is the coordinator. Without a code it lists the devices that wait, and asks for one.
            Example: shoal approve K7QX-M2VD
            """)

    @Argument(
        help: ArgumentHelp(
            "What the device shows, in any case of letters; - or none reads it from standard input.", valueName: "code")
    )
    var code: String?

    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints JSON; without a code, the devices that wait.") var json = false

    func run() async throws {
        let http = try HTTP(server)
        let typed: String
        if let code, code != "-" {
            typed = code
        } else {
            if code == nil {
                let waiting = try await waiting(http)
                if json { return try Console.json(waiting) }
                Console.write(Self.table(waiting))
                if waiting.devices.isEmpty { return }
            }
            if isatty(STDIN_FILENO) == 1 { Console.errorUnescaped("Code, as the device shows it: ") }
            guard let line = readLine() else {
                throw CommandError("no code came from standard input: shoal approve CODE")
            }
            typed = line
        }
        let answer = try await http.post("/api/devices/approve", ApproveDeviceRequest(code: typed))
        let device = try JSONDecoder().decode(ApprovedDeviceBody.self, from: answer)
        if json { return try Console.json(device) }
        Console.write("\(device.name) (\(device.address)) has joined\n")
    }

    private func waiting(_ http: HTTP) async throws -> WaitingDevicesBody {
        try JSONDecoder().decode(WaitingDevicesBody.self, from: try await http.post("/api/devices/waiting"))
    }

    private static func table(_ waiting: WaitingDevicesBody) -> String {
        guard !waiting.devices.isEmpty else {
            return "no device waits: run `shoal join HOST` on one, with this machine's name or address\n"
        }
        let rows = waiting.devices.map { "\($0.name) (\($0.address)), for \($0.seconds) s" }
        return "waiting to be let in:\n" + rows.map { "  \($0)\n" }.joined()
    }
}
