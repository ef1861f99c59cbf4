import Formats
package import Wire

extension ProductRate {
    /// The weights' type as people know it, such as "Q4_0"; its number where this build does not know it.
    package var typeName: String { ElementType(rawValue: elementType)?.name ?? "type \(elementType)" }
}
