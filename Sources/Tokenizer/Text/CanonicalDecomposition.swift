// The standard library keeps its tables of canonical decompositions to itself; the whole of Foundation would be the other way.
@_spi(_Unicode) import Swift

extension String {
    /// The characters of the text in canonical decomposition (NFD): "é" is "e" and an accent.
    var decomposed: [Unicode.Scalar] { Array(_nfd) }
}
