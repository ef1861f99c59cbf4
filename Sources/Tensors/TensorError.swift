package import Formats

/// Why weights cannot be used, or kernels cannot run.
package enum TensorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No kernel for this type.
    case unsupportedType(tensor: String, type: ElementType)
    /// The columns do not fill whole blocks of the type.
    case columnsNotWholeBlocks(tensor: String, type: ElementType, columns: Int)
    /// The bytes are more or fewer than the shape takes.
    case wrongSize(tensor: String, expected: Int, found: Int)
    /// The system gave no memory.
    case outOfMemory(bytes: Int)
    /// The file that the weights lie in was made shorter or changed while it was read.
    case damagedFile(String)
    /// `SHOAL_ISA` names no instruction set that can be used.
    case instructionSet(String)

    package var description: String {
        switch self {
        case .unsupportedType(let tensor, let type):
            "tensor \(tensor) has type \(type), which is not supported: use a file with the types "
                + WeightMatrix.supportedTypes.map(\.name).joined(separator: ", ")
        case .columnsNotWholeBlocks(let tensor, let type, let columns):
            "tensor \(tensor) has \(columns) columns, not a multiple of the \(type.blockElements) of a \(type) block: "
                + "the file is damaged, download or convert it again"
        case .wrongSize(let tensor, let expected, let found):
            "tensor \(tensor) has \(found) bytes where its shape takes \(expected): the file is damaged, download it again"
        case .outOfMemory(let bytes):
            "the system gave no \(bytes) bytes of memory: use a smaller context or model, or place fewer layers here"
        case .damagedFile(let message), .instructionSet(let message):
            message
        }
    }
}
