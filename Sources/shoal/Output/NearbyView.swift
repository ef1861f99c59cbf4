import Discovery
import Identity
import Transport

/// The workers of no cluster that announce themselves, and what is to be typed there, for people and programs.
struct NearbyView {
    struct Document: Encodable {
        var devices: [Row]
        /// Why it was not possible to look; absent where it was.
        var trouble: String?
    }

    struct Row: Encodable {
        var name: String
        /// HOST:PORT, the best first.
        var addresses: [String]
        /// `waiting`, or `insecure`.
        var state: String
        /// What joins it to this cluster, typed there.
        var command: String
    }

    let document: Document

    init(_ nearby: NearbyWorkers) {
        let rows = nearby.strangers.map { worker in
            let isWaiting = worker.record.standing == .waiting
            return Row(
                name: worker.record.name.description, addresses: worker.places.map { Endpoint($0).description },
                state: isWaiting ? "waiting" : "insecure",
                command: isWaiting ? "shoal join -" : "shoal worker --join -")
        }
        document = Document(devices: rows, trouble: nearby.trouble)
    }

    func show(json: Bool, hasCluster: Bool) throws {
        if json { return try Console.json(document) }
        if let trouble = document.trouble {
            throw CommandError(
                "what announces itself cannot be seen here: \(trouble); install and start avahi-daemon, or name workers with --worker HOST:PORT"
            )
        }
        guard !document.devices.isEmpty else {
            return Console.write("no machine announces itself that has not joined a cluster\n")
        }
        var table = Table([("device", .left), ("address", .left), ("state", .left), ("to join it, type there", .left)])
        for row in document.devices {
            table.add([
                row.name, row.addresses[0],
                row.state == "waiting" ? "waits to be joined" : "takes plain links of anyone",
                row.state == "waiting" ? row.command : "\(row.command)   (in place of --insecure)",
            ])
        }
        Console.write(table.description + "\n")
        Console.write(
            hasCluster
                ? "each reads a token, which `shoal token` makes here\n"
                : "each reads a token: `shoal init` begins a cluster here, `shoal token` makes one\n")
    }
}
