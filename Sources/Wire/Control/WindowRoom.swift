import CWireProto

/// How much room the caches of layers with a window have.
package struct WindowRoom: Sendable, Hashable {
    /// Positions that a row sees, its own among them.
    package var window: UInt32
    /// Positions that all sequences together have room for, whole pages.
    package var positions: UInt64

    package init(window: UInt32, positions: UInt64) {
        self.window = window
        self.positions = positions
    }
}

extension WindowRoom {
    static func list(
        _ protos: UnsafeMutablePointer<UnsafeMutablePointer<Shoal__WindowRoom>?>?, _ count: Int
    ) throws(WireError) -> [WindowRoom] {
        let rooms = try ProtoReading.messages(protos, count, "LoadStage.windows", limit: WireLimits.windows) {
            (proto) throws(WireError) in
            WindowRoom(
                window: try ProtoReading.range(proto.window, 1...UInt32.max, "WindowRoom.window"),
                positions: try ProtoReading.range(
                    proto.positions, 0...WireLimits.keyValuePositions, "WindowRoom.positions"))
        }
        for (room, next) in zip(rooms, rooms.dropFirst()) where room.window >= next.window {
            throw WireError(
                .valueOutOfRange, "LoadStage.windows: \(next.window) after \(room.window), they are to ascend")
        }
        return rooms
    }

    func proto(_ arena: inout ProtoArena) -> UnsafeMutablePointer<Shoal__WindowRoom> {
        let proto = arena.make(shoal__window_room__init)
        proto.pointee.window = window
        proto.pointee.positions = positions
        return proto
    }
}
