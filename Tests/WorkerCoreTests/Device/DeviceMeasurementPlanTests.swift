import Formats
import Tensors
import Testing
import WorkerCore

/// What is measured of a device.
struct DeviceMeasurementPlanTests {
    /// Sizes in MiB.
    struct Sizes: Sendable {
        var cache: Int
        var budget: Int
        var weights: Int
    }

    static let sizes = [
        // Four times the cache, within limits, and within a quarter of what there is.
        Sizes(cache: 32, budget: 8192, weights: 128), Sizes(cache: 1, budget: 8192, weights: 64),
        Sizes(cache: 384, budget: 8192, weights: 512), Sizes(cache: 32, budget: 400, weights: 100),
        Sizes(cache: 32, budget: 0, weights: 32),
    ]

    @Test(arguments: sizes) func `weights are more than the cache, and little beside the memory`(sizes: Sizes) {
        let plan = DeviceMeasurementPlan(
            types: [.q4_0], cacheBytes: sizes.cache << 20, budgetBytes: sizes.budget << 20)
        #expect(plan.bytes == sizes.weights << 20)
    }

    @Test func `likely types come first and have the most of two seconds`() {
        let plan = DeviceMeasurementPlan(types: [.bf16, .q8_0, .q4_0], cacheBytes: 1, budgetBytes: 1 << 30)
        let types: [ElementType] = [.q4_0, .q8_0, .bf16]
        #expect(plan.products.map(\.type) == types + types.flatMap { Array(repeating: $0, count: 3) })
        #expect(plan.products.map(\.rows) == [1, 1, 1] + [4, 16, 64, 4, 16, 64, 4, 16, 64])
        // Shares of 4, 3 and 1, times 2 for one row, of 40 in all.
        let expected = [8, 6, 2, 4, 4, 4, 3, 3, 3, 1, 1, 1].map { 2.0 * $0 / 40 }
        for (product, seconds) in zip(plan.products, expected) { #expect(abs(product.seconds - seconds) < 1e-12) }
    }

    @Test func `every type with a packed form is measured`() {
        let types = ProductSpeed.types
        #expect(types.contains(.q4_0) && types.contains(.q6_K) && types.contains(.f16) && types.contains(.mxfp4))
        #expect(!types.contains(.iq1_s))
    }
}
