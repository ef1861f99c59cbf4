import ModelParts
import AllocationCounter
import Formats
import GGUF
import ModelGraph
import Synchronization
import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What decoding allocates, counted on every thread that takes part. One test at a time: they share the counters.
@Suite(.serialized, .enabled(if: allocation_counter_works(), "allocations are counted with glibc only"))
struct AllocationTests {
    /// One way of computing.
    struct Variant: Sendable, CustomStringConvertible {
        var compute = ComputeMode.int8
        var keyValueType = KeyValueType.standard
        var isTimed = false
        var window: Int?
        var description: String {
            "\(compute), \(keyValueType)\(isTimed ? ", timed" : "")\(window == nil ? "" : ", with a window")"
        }
    }

    static let variants = [
        Variant(), Variant(compute: .f32), Variant(keyValueType: .q8_0), Variant(isTimed: true),
        Variant(window: 40),
    ]

    /// The page, its buffer and the buffer's memory.
    private static let allocationsOfPage: Int64 = 3

    @Test("a decoded token allocates nothing, a new page what a page is", arguments: variants, [1, 3])
    func aDecodedTokenAllocatesNothing(variant: Variant, threads: Int) throws {
        var model = TinyModel(type: .q4_0)
        model.heads = 2
        model.keyValueHeads = 1
        model.window = variant.window
        let file = try GGUFFile(bytes: MappedBytes(copying: model.file()), path: "tiny.gguf")
        let configuration = try ModelConfiguration(file: file), pool = ThreadPool(threads: threads)
        let stage = try Stage(
            configuration: configuration, range: .whole(configuration), tensors: file, compute: variant.compute,
            keyValueType: variant.keyValueType, context: 512, pool: pool)
        if variant.isTimed { stage.times = OperationTimes() }
        var decoder = Decoder(stage)
        defer { decoder.deallocate() }
        // Layers with a window have pages of their own, and give others back meanwhile.
        let ofPages = Self.allocationsOfPage * Int64(stage.pageCounts.count)
        try stage.open(sequence: 1)
        // Beyond the first segment, so that attention is spread over threads in both ways.
        for _ in 0..<300 { try decoder.decode() }

        try count(in: pool) {
            // Positions 300..<320 lie in the fifth page, 320..<384 in the sixth, 384..<420 in the seventh.
            for _ in 0..<120 {
                let isNewPage = decoder.position.isMultiple(of: 64)
                for thread in 0..<threads { _ = allocation_counter_take(Int32(thread)) }
                try decoder.decode()
                let ofCaller = allocation_counter_take(0)
                let ofOthers = (1..<threads).map { allocation_counter_take(Int32($0)) }
                #expect(ofCaller == (isNewPage ? ofPages : 0), "position \(decoder.position - 1)")
                #expect(ofOthers.allSatisfy { $0 == 0 }, "position \(decoder.position - 1)")
            }
        }
        #expect(decoder.position == 420)
    }

    @Test("an array made on any thread is counted")
    func anArrayMadeOnAnyThreadIs() {
        let pool = ThreadPool(threads: 3), lengths = Mutex([0, 0, 0])
        count(in: pool) {
            for thread in 0..<3 { _ = allocation_counter_take(Int32(thread)) }
            onEveryThread(of: pool) { thread in
                let length = (0..<100 + thread).shuffled().count
                lengths.withLock { $0[thread] = length }
            }
            for thread in 0..<3 { #expect(allocation_counter_take(Int32(thread)) > 0) }
        }
        #expect(lengths.withLock { $0 } == [100, 101, 102])
    }

    /// Calls `body` while the threads of a pool, the calling one among them, count in counters of their own.
    private func count<Failure: Error>(in pool: ThreadPool, _ body: () throws(Failure) -> Void) throws(Failure) {
        onEveryThread(of: pool) { allocation_counter_use(Int32($0)) }
        defer { onEveryThread(of: pool) { _ in allocation_counter_use(-1) } }
        try body()
    }

    /// Calls `body` once on each thread: nobody goes on before all have begun.
    private func onEveryThread(of pool: ThreadPool, _ body: (_ thread: Int) -> Void) {
        let begun = Atomic(0)
        pool.run(chunks: pool.threads) { _, thread in
            begun.wrappingAdd(1, ordering: .sequentiallyConsistent)
            while begun.load(ordering: .sequentiallyConsistent) < pool.threads { sched_yield() }
            body(thread)
        }
    }

    /// Decodes one token after the other, with arrays made before.
    private struct Decoder {
        let stage: Stage
        var position = 0
        var spans = [RowSpan(sequence: 1, position: 0, count: 1)]
        let outputRows = [0]
        let token: UnsafeMutableBufferPointer<UInt32>
        let logits: UnsafeMutableBufferPointer<Float>

        init(_ stage: Stage) {
            self.stage = stage
            token = .allocate(capacity: 1)
            logits = .allocate(capacity: stage.outputWidth)
        }

        func deallocate() {
            token.deallocate()
            logits.deallocate()
        }

        mutating func decode() throws {
            spans[0].position = position
            token[0] = UInt32(position * 31 % 250)
            try stage.forward(
                input: .tokens(UnsafeBufferPointer(token)), spans: spans, outputRows: outputRows, output: logits)
            position += 1
        }
    }
}
