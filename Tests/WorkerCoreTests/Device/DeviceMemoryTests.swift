import Testing
import WorkerCore

struct DeviceMemoryTests {
    @Test func `this process takes memory, and the machine has some to give`() {
        #expect(DeviceMemory.resident() > 1 << 20)
        #expect(DeviceMemory.budget() > 0)
    }

    @Test func `memory that is touched shows in the resident size`() {
        // Another test of the process may give memory back in just this moment.
        let shows = (0..<20).contains { _ in
            let before = DeviceMemory.resident()
            let block = [UInt8](repeating: 1, count: 256 << 20)
            let after = DeviceMemory.resident()
            return block.last == 1 && after - before > 128 << 20
        }
        #expect(shows)
    }
}
