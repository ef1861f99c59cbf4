import CWireProto

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Bounds what protobuf-c makes of a message: an empty element takes two bytes on the wire and some two hundred in memory.
enum ProtoBudget {
    /// The most bytes that one message may take; the largest lists of PROTOCOL.md take a quarter of it.
    static let bytes = 32 << 20
    /// What malloc adds to a block.
    private static let overhead = 16

    /// Calls `body` with an allocator that gives so much and no more; protobuf-c then refuses the message. What it gave is freed as
    /// malloc's.
    static func withAllocator<Result>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result) -> Result {
        var left = bytes
        return withUnsafeMutablePointer(to: &left) { left in
            var allocator = ProtobufCAllocator(
                alloc: { left, size in
                    guard let left = left?.assumingMemoryBound(to: Int.self),
                        size + ProtoBudget.overhead <= left.pointee
                    else {
                        return nil
                    }
                    left.pointee -= size + ProtoBudget.overhead
                    return malloc(size)
                },
                free: { _, block in free(block) }, allocator_data: UnsafeMutableRawPointer(left))
            return withUnsafeMutablePointer(to: &allocator) { body($0) }
        }
    }
}
