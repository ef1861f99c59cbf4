// swift-tools-version: 6.2

import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

/// The modules and the only arrows between them, bottom up. `Deploy/check-arrows` holds the sources against this list.
let modules: [Target] = [
    cModule("CKernels", [], exclude: ["ARITHMETIC.md"]),
    .systemLibrary(
        name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CAvahi", pkgConfig: "avahi-client", providers: [.apt(["libavahi-client-dev"])]),
    .systemLibrary(name: "CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
    cModule("CWireProto", ["CProtobufC"]),
    cModule("CMappings", []),
    module("Sensors", []),
    module("Doctor", ["Sensors"]),
    module("Formats", ["CMappings"]),
    module("GGUF", ["Formats"]),
    module("Tensors", ["Formats", "CKernels"]),
    module("ModelParts", []),
    module("ModelGraph", ["ModelParts", "GGUF", "Formats", "Tensors"]),
    module("Tokenizer", ["GGUF"]),
    module("ChatTemplate", []),
    module("Sampling", []),
    module("Grammar", []),
    module("Placement", []),
    module("Wire", ["ModelParts", "CWireProto", .nio("NIOCore")]),
    module("Identity", ["CSodium", .certificates, .asn1, .crypto]),
    module("Discovery", ["Identity", .target(name: "CAvahi", condition: .when(platforms: [.linux]))]),
    module(
        "Transport", ["Identity", "Wire", .nio("NIOCore"), .nio("NIOPosix"), .nio("NIOTLS"), .tls, .logging]),
    module(
        "WorkerCore",
        [
            "ModelGraph", "ModelParts", "GGUF", "Formats", "Tensors", "Transport", "Identity", "Wire", "Placement",
            "Sensors", "Doctor",
            .nio("NIOCore"), .crypto, .logging,
        ]),
    module(
        "CoordinatorCore",
        [
            "CMappings", "ModelParts", "Placement", "Transport", "Identity", "Wire", "Tokenizer", "Sampling", "Grammar",
            "GGUF", "Formats", "ClusterStore",
            .nio("NIOCore"), .crypto, .logging,
        ]),
    module("ClusterStore", ["Identity", .product(name: "GRDB", package: "GRDB.swift"), .crypto]),
    module("ClusterFile", ["Placement", .product(name: "Yams", package: "Yams")]),
    module("Synth", ["Formats", "GGUF", "Tokenizer", "Sampling"]),
    module(
        "API",
        [
            "CoordinatorCore", "ClusterStore", "ChatTemplate", "Tokenizer", "Sampling", "Grammar", "Placement", "Wire",
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"), .tls,
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"), .nio("NIOCore"), .nio("NIOPosix"),
            .nio("NIOHTTP1"), .logging,
        ]),
    module("Terminal", ["CEdit"]),
    .executableTarget(
        name: "shoal",
        dependencies: [
            "API", "ChatTemplate", "ClusterFile", "ClusterStore", "CoordinatorCore", "Discovery", "Doctor", "Formats",
            "GGUF", "Identity", "ModelGraph", "ModelParts", "Placement", "Sampling", "Sensors", "Synth", "Tensors",
            "Terminal", "Tokenizer", "Transport", "Wire", "WorkerCore",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .nio("NIOCore"), .nio("NIOFoundationEssentialsCompat"), .nio("NIOHTTP1"), .nio("NIOPosix"), .tls, .logging,
        ],
        swiftSettings: swiftSettings),
    module(
        "TestSupport",
        [
            "Formats", "GGUF", "Tokenizer", "ModelGraph", "ModelParts", "Transport", "Wire", "WorkerCore",
            "CoordinatorCore",
            "ClusterStore", "Placement", "Identity", .nio("NIOCore"), .nio("NIOPosix"), .crypto, .logging,
        ]),
]

let tests: [Target] = [
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter", cSettings: cSettings),
    .target(name: "FuzzRuntime", path: "Tests/Fuzz/FuzzRuntime", cSettings: cSettings),
    .target(
        name: "Fuzzing",
        dependencies: [
            "API", "ChatTemplate", "ClusterFile", "CoordinatorCore", "Discovery", "Doctor", "Formats", "GGUF",
            "Grammar", "Identity", "ModelGraph", "ModelParts", "Placement", "Sampling", "Sensors", "Tensors",
            "TestSupport",
            "Tokenizer", "Transport", "Wire", "WorkerCore",
            .nio("NIOCore"), .crypto,
        ],
        path: "Tests/Fuzz/Fuzzing", swiftSettings: swiftSettings),
    .executableTarget(
        name: "shoal-fuzz",
        dependencies: ["Fuzzing", "FuzzRuntime", .product(name: "ArgumentParser", package: "swift-argument-parser")],
        path: "Tests/Fuzz/shoal-fuzz", swiftSettings: swiftSettings),
    .testTarget(
        name: "FuzzingTests", dependencies: ["Fuzzing"], path: "Tests/Fuzz/FuzzingTests", swiftSettings: swiftSettings),
    tests("Sensors", []),
    tests("Doctor", ["Sensors"]),
    tests("Formats", []),
    tests("GGUF", ["Formats"]),
    tests("Tensors", ["CKernels", "Formats"]),
    tests("ModelGraph", ["AllocationCounter", "ModelParts", "GGUF", "Formats", "Tensors"]),
    tests("Tokenizer", ["GGUF"]),
    tests("ChatTemplate", []),
    tests("Sampling", []),
    tests("Grammar", []),
    tests("Placement", []),
    tests("ClusterStore", []),
    tests("ClusterFile", ["Placement"]),
    tests("Terminal", []),
    tests("Synth", ["GGUF", "Formats"]),
    tests("Wire", ["ModelParts", .nio("NIOCore"), .nio("NIOEmbedded"), .nio("NIOTestUtils")]),
    tests("Identity", [.certificates, .asn1, .crypto]),
    tests("Discovery", ["Identity"]),
    tests("Transport", ["Identity", "Wire", .nio("NIOCore"), .nio("NIOPosix"), .nio("NIOTLS"), .tls]),
    tests(
        "WorkerCore",
        [
            "CoordinatorCore", "ModelGraph", "ModelParts", "Tensors", "GGUF", "Formats", "Transport", "Identity",
            "Wire", "Sensors", "Doctor",
            .nio("NIOCore"),
        ]),
    tests(
        "CoordinatorCore",
        [
            "WorkerCore", "ModelGraph", "ModelParts", "Tensors", "Transport", "Wire", "Tokenizer", "Sampling",
            "Grammar",
            "GGUF", "Formats",
            "Placement", "ClusterStore", "Identity", .nio("NIOCore"), .nio("NIOPosix"),
        ]),
    tests(
        "API",
        [
            "CoordinatorCore", "ClusterStore", "ChatTemplate", "GGUF", "Grammar", "Placement", "Sampling", "Tokenizer",
            .nio("NIOCore"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdTesting", package: "hummingbird"),
        ]),
]

let package = Package(
    name: "shoal",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "shoal", targets: ["shoal"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: modules + tests)

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func cModule(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, cSettings: cSettings)
}

/// The tests of one module, in `Tests/<module>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
        swiftSettings: swiftSettings)
}

extension Target.Dependency {
    static let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
    static let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
    static let certificates: Target.Dependency = .product(name: "X509", package: "swift-certificates")
    static let tls: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
    static let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

    static func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }
}
