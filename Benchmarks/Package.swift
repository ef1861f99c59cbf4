// swift-tools-version: 6.2

// Measurements, apart from the product: nothing here is built or run by the tests of the package above.
import PackageDescription

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    targets: [
        // The kernels' own sources: a product of the package above would bring all its dependencies.
        .target(name: "CKernels", path: "Sources/CKernels", exclude: ["ARITHMETIC.md"]),
        .executableTarget(
            name: "kernel-benchmarks", dependencies: ["CKernels"], path: "Sources/KernelBenchmarks",
            linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread")]),
    ])
