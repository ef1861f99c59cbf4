package import ModelGraph
package import Wire

// What a step computes with, as the wire says it and as the model graph has it. A new case on one side does not compile before it has one on
// the other.

extension ModelGraph.ComputeMode {
    package init(_ mode: Wire.ComputeMode) {
        switch mode {
        case .int8: self = .int8
        case .f32: self = .f32
        }
    }
}

extension ModelGraph.KeyValueType {
    package init(_ type: Wire.KeyValueType) {
        switch type {
        case .standard: self = .standard
        case .q8_0: self = .q8_0
        }
    }
}

extension ModelGraph.StageRange {
    package init(_ range: Wire.StageRange) {
        self.init(embedding: range.embedding, layers: range.layers, head: range.head)
    }
}
