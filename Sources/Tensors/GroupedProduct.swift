/// One product of several that take different rows of the same activations: an expert's, whose rows of a batch lie beside each other.
package struct GroupedProduct {
    /// The weights `[rows, columns]`.
    package let matrix: WeightMatrix
    /// The rows of the activations that it takes.
    package let rows: Range<Int>
    /// Row 0 of the whole result `[all rows of the activations, matrix.rows]`, of which the product writes `rows`.
    package let output: UnsafeMutablePointer<Float>

    /// Names a product.
    package init(matrix: WeightMatrix, rows: Range<Int>, output: UnsafeMutablePointer<Float>) {
        self.matrix = matrix
        self.rows = rows
        self.output = output
    }

    /// What 32 output rows cost, against those of the others: to read weights costs about what computing four rows with them does.
    fileprivate var groupCost: Int { rows.isEmpty ? 0 : 4 + rows.count }
    fileprivate var cost: Int { groupCost * matrix.rowGroups }
}

extension ThreadPool {
    /// Computes all products as one piece of work, spread evenly over the threads. Rows that a matrix needs as int8 must have been
    /// quantized. What an output is depends on its row of weights and its row of input only. Nothing is allocated.
    ///
    /// - Precondition: all matrices have the columns of `input`, and their rows lie within its capacity; outputs have room.
    package func multiply(_ products: [GroupedProduct], input: Activations, scratch: RowScratch) {
        var cost = 0, weights = 0
        for product in products {
            precondition(
                product.matrix.columns == input.columns,
                "\(product.matrix.columns) columns, \(input.columns) activations")
            precondition(
                product.rows.lowerBound >= 0 && product.rows.upperBound <= input.capacity,
                "rows \(product.rows) of \(input.capacity)")
            cost += product.cost
            weights += product.rows.isEmpty ? 0 : product.matrix.rowGroups * 32 * input.columns
        }
        precondition(input.columns <= scratch.columns, "\(input.columns) columns")
        guard cost > 0 else { return }
        // As for products of all rows: small enough that threads end together, large enough that claiming costs nothing.
        let perThread = threads == 1 ? 1 : max(1, min(16, weights / (threads * 16384)))
        let units = threads * perThread
        let shared = SendableProducts(products: products)
        run(chunks: units) { unit, thread in
            // The products' costs laid end to end: a group belongs to the unit in whose share it begins.
            let share = cost * unit / units..<cost * (unit + 1) / units
            var start = 0
            for product in shared.products where start < share.upperBound {
                let end = start + product.cost
                if end > share.lowerBound, product.groupCost > 0 {
                    func group(at place: Int) -> Int {
                        min(
                            max(0, (place - start + product.groupCost - 1) / product.groupCost),
                            product.matrix.rowGroups)
                    }
                    let lower = group(at: share.lowerBound), upper = group(at: share.upperBound)
                    if lower < upper {
                        product.matrix.multiply(
                            groups: lower..<upper, input: input, tokens: product.rows, output: product.output,
                            scratch: scratch.row(thread: thread))
                    }
                }
                start = end
            }
        }
    }
}

private struct SendableProducts: @unchecked Sendable {
    let products: [GroupedProduct]
}
