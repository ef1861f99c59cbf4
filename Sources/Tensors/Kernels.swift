import CKernels
package import Formats
import Synchronization

/// Which instruction set the kernels use.
///
/// Thread safety: may be used from any thread; `force` only while no product runs.
package enum Kernels {
    /// The name of the instruction set in use: "scalar", "avx2", "avxvnni", "avx512", "amx", "neon", "dotprod" or "i8mm".
    package static var instructionSet: String { String(cString: shoal_isa_name(shoal_isa_active())) }

    /// The one that this process computes with, whichever a test or a measurement forces meanwhile.
    package static var chosenInstructionSet: String { String(cString: shoal_isa_name(shoal_isa_chosen())) }

    /// The names of all that this build and processor can use, slowest first.
    package static var supportedInstructionSets: [String] {
        (0..<Int32(SHOAL_ISA_COUNT.rawValue)).filter { shoal_isa_supported($0) }.map {
            String(cString: shoal_isa_name($0))
        }
    }

    /// Why an instruction set that the processor has is not among them, or nil: the system does not permit it, or what it computed differed.
    package static var refusal: String? { shoal_isa_refusal().map { String(cString: $0) } }

    /// Checks that the environment variable `SHOAL_ISA`, if set, names an instruction set that can be used.
    ///
    /// - Throws: `TensorError.instructionSet`.
    package static func checkEnvironment() throws(TensorError) {
        if let message = shoal_isa_error() { throw .instructionSet(String(cString: message)) }
    }

    /// Uses an instruction set from now on. For tests and measurements.
    ///
    /// - Throws: `TensorError.instructionSet` when it is unknown or cannot run here.
    package static func force(instructionSet name: String) throws(TensorError) {
        for isa in 0..<Int32(SHOAL_ISA_COUNT.rawValue)
        where String(cString: shoal_isa_name(isa)) == name && shoal_isa_force(isa) { return }
        throw .instructionSet(
            "instruction set \(name) cannot be used here; use one of: \(supportedInstructionSets.joined(separator: ", "))"
        )
    }

    /// Runs `body` with an instruction set and goes back to the one before; one at a time, so that tests which run at once do not
    /// change it under each other.
    ///
    /// - Throws: `TensorError.instructionSet` when it is unknown or cannot run here, and what `body` throws.
    package static func using<R>(instructionSet name: String, _ body: () throws -> R) throws -> R {
        try switching.withLock { _ in
            let before = instructionSet
            try force(instructionSet: name)
            defer { try? force(instructionSet: before) }
            return try body()
        }
    }

    private static let switching = Mutex(())

    /// Whether values of the type can be read as floats.
    package static func canDequantize(_ type: ElementType) -> Bool { shoal_format_of(type.rawValue) != nil }

    /// Whether matrices of the type have a packed form.
    package static func packs(_ type: ElementType) -> Bool {
        (shoal_format_of(type.rawValue)?.pointee.panel_bytes ?? 0) > 0
    }

    /// Floats of `bytes`, which hold `output.count` elements of the type, into `output`.
    ///
    /// - Precondition: the type is supported and the bytes are as many as the elements take.
    package static func dequantize(
        type: ElementType, bytes: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(
            canDequantize(type) && type.byteCount(elements: output.count) == bytes.count, "\(type) \(output.count)")
        guard let from = bytes.baseAddress, let to = output.baseAddress else { return }
        shoal_dequantize(type.rawValue, from, output.count, to)
    }

    /// Blocks of the type made of `values`, as the reference quantizers make them; nil when the type cannot be made here.
    ///
    /// - Precondition: the values fill whole blocks.
    package static func quantize(_ values: [Float], type: ElementType) -> [UInt8]? {
        guard let format = shoal_format_of(type.rawValue), format.pointee.quantizes else { return nil }
        guard let count = type.byteCount(elements: values.count) else {
            preconditionFailure("\(values.count) values do not fill blocks of \(type)")
        }
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, used in
            _ = values.withUnsafeBufferPointer {
                shoal_quantize(type.rawValue, $0.baseAddress, $0.count, bytes.baseAddress)
            }
            used = count
        }
    }
}
