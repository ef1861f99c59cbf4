import ModelParts
import Tensors

/// Values that are no numbers: a damaged file, or what another device sent. They are looked for in the rows that leave the layers, and only
/// where there are some it is found out where they began.
extension Stage {
    /// Whether the batch's rows of the stream are all finite numbers.
    var streamIsFinite: Bool { areFinite(scratch.stream, count: batch.rows * configuration.width) }

    /// Says which layer made numbers into what is none, by computing the batch once more: its rows get the same places in the caches.
    ///
    /// - Parameter firstRow: the batch's first row among those of the spans.
    func notFinite(_ input: StageInput, spans: [RowSpan], firstRow: Int) -> ModelError {
        let sequences = sequencesNotFinite(spans, firstRow: firstRow)
        enter(input, firstRow: firstRow)
        var place = "a layer gave"
        var mend = "what was packed of the model (--verify packs it anew) or its file is damaged: download it again"
        if !streamIsFinite {
            place = embedding == nil ? "the stage got" : "the embedding gives"
            if embedding == nil { mend = "a device before it computes wrongly" }
        } else if let index = layers.indices.first(where: turnsNotFinite(layer:)) {
            place = "layer \(range.layers.lowerBound + index) gives"
        }
        batch.removeAll()
        return ModelError(
            code: .notFinite, message: "\(place) values that are no finite numbers", mend: mend, sequences: sequences)
    }

    private func turnsNotFinite(layer index: Int) -> Bool {
        forward(layer: index)
        return !streamIsFinite
    }

    private func sequencesNotFinite(_ spans: [RowSpan], firstRow: Int) -> [UInt32] {
        let width = configuration.width
        var sequences: Set<UInt32> = []
        var begin = 0
        for span in spans {
            let rows = (begin..<begin + span.count).clamped(to: firstRow..<firstRow + batch.rows)
            if rows.contains(where: { !areFinite(scratch.stream + ($0 - firstRow) * width, count: width) }) {
                sequences.insert(span.sequence)
            }
            begin += span.count
        }
        return sequences.sorted()
    }
}

/// Whether all values are finite: a difference to itself is 0 for these and NaN for others, and NaN stays in a sum.
func areFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
    let whole = count / 16 * 16
    let bytes = UnsafeRawPointer(values)
    var sums = SIMD16<Float>.zero
    for first in stride(from: 0, to: whole, by: 16) {
        let part = bytes.loadUnaligned(fromByteOffset: first * MemoryLayout<Float>.stride, as: SIMD16<Float>.self)
        sums += part - part
    }
    for index in whole..<count { sums[0] += values[index] - values[index] }
    return sums == .zero
}
