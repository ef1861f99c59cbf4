/// Where a model may be cut, and what rows carry there.
extension ModelConfiguration {
    /// What each layer gets of the token beside the stream; nil for a model without.
    var tokenInput: TokenInputShape? { layerShapes.first?.tokenInput }

    /// Elements that a row carries beside the stream's: inputs of the layers from this one on, layer by layer.
    package func sideWidth(before layer: Int) -> Int { (layers - layer) * (tokenInput?.width ?? 0) }

    /// Elements of a row that comes to this layer: the stream's, then those beside it.
    package func rowWidth(before layer: Int) -> Int { width + sideWidth(before: layer) }

    /// Runs of layers that lie in one stage, apart from each other and rising: from the first whose keys and values others read to the last of
    /// these.
    package var undividedLayers: [Range<Int>] {
        var runs: [Range<Int>] = []
        for (layer, shape) in layerShapes.enumerated() {
            guard let shared = shape.mixer.sharedLayer else { continue }
            var run = shared..<layer + 1
            while let last = runs.last, last.upperBound > run.lowerBound {
                run = min(last.lowerBound, run.lowerBound)..<run.upperBound
                runs.removeLast()
            }
            runs.append(run)
        }
        return runs
    }

    /// Whether a stage may begin with this layer.
    package func mayCut(before layer: Int) -> Bool {
        !undividedLayers.contains { $0.lowerBound < layer && layer < $0.upperBound }
    }
}
