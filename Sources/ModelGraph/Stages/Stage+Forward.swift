import ModelParts
import Tensors

extension Stage {
    /// Computes one batch: the rows of all spans, in order, continue their sequences. The result is the same for every way of cutting rows
    /// into batches.
    ///
    /// A stage without layers takes rows as they come: their sequences and positions mean nothing to it.
    ///
    /// - Parameter input: one token or one activation row `[width]` for each row.
    /// - Parameter isReplay: whether spans may begin before the end of their sequence: what is there is computed again and becomes what it
    ///   was, and the sequence is as long as before or as far as they reach.
    /// - Parameter outputRows: ascending indexes of the rows to carry on; only they pass the head. nil means all.
    /// - Parameter output: memory for `[outputRows, outputWidth]`, the result.
    /// - Throws: `ModelError` when a span does not continue its sequence or leaves the context, sizes or tokens are wrong, or a layer gives
    ///   values that are not finite; then no sequence has changed.
    package func forward(
        input: StageInput, spans: [RowSpan], isReplay: Bool = false, outputRows: [Int]? = nil,
        output: UnsafeMutableBufferPointer<Float>
    ) throws(ModelError) {
        let rows = try checkSpans(spans, isReplay: isReplay)
        try checkInput(input, rows: rows)
        try checkOutput(outputRows, rows: rows, output: output)
        try reserve(spans)

        var written = 0, firstRow = 0, spanIndex = 0, spanDone = 0
        while firstRow < rows {
            batch.removeAll()
            while spanIndex < spans.count, batch.rows < scratch.capacity {
                let span = spans[spanIndex]
                let count = min(span.count - spanDone, scratch.capacity - batch.rows)
                if layers.isEmpty {
                    batch.append(rows: count)
                } else {
                    batch.append(try cache.sequence(span.sequence), position: span.position + spanDone, count: count)
                }
                spanDone += count
                if spanDone == span.count { (spanIndex, spanDone) = (spanIndex + 1, 0) }
            }
            times.measure(.embedding) { enter(input, firstRow: firstRow) }
            for index in layers.indices { forward(layer: index) }
            guard streamIsFinite else { throw notFinite(input, spans: spans, firstRow: firstRow) }
            written += leave(outputRows, firstRow: firstRow, written: written, output: output)
            firstRow += batch.rows
        }
        try checkWeights()
        if !layers.isEmpty {
            for span in spans {
                let sequence = try cache.sequence(span.sequence)
                sequence.length = max(sequence.length, span.position + span.count)
                cache.giveBack(sequence)
            }
        }
        batch.removeAll()
    }

    /// Takes the batch through one of the stage's layers.
    func forward(layer index: Int) {
        let first = range.layers.lowerBound
        // A layer without keys of its own reads those of an earlier one.
        let owner = configuration.layerShapes[first + index].mixer.sharedLayer.map { $0 - first } ?? index
        batch.group = cache.layout.place(layer: owner).group
        layers[index].forward(
            batch, cache: cache.layout.part(layer: owner), LayerRun(scratch: scratch, pool: pool, times: times))
    }

    /// Fills the stream, what goes beside it, and the angles of the batch's rows.
    func enter(_ input: StageInput, firstRow: Int) {
        let width = configuration.width, batch = batch
        if !layers.isEmpty {
            pool.forEachRow(batch.rows) { row in
                for rope in ropes {
                    rope.rope.angles(position: batch.positions[row], into: scratch.angles(row: row) + rope.offset)
                }
            }
        }
        switch input {
        case .tokens(let tokens):
            embedding?.look(
                up: tokens[firstRow..<firstRow + batch.rows], width: width, scratch: scratch, pool: pool)
        case .activations(let values):
            guard let base = values.baseAddress else { return }
            let side = inputWidth - width
            for row in 0..<batch.rows {
                let source = base + (firstRow + row) * inputWidth
                (scratch.stream + row * width).update(from: source, count: width)
                (scratch.sides + row * side).update(from: source + width, count: side)
            }
        }
    }

    /// Gathers the rows to carry on and writes them, or their logits; how many there were.
    private func leave(
        _ outputRows: [Int]?, firstRow: Int, written: Int, output: UnsafeMutableBufferPointer<Float>
    ) -> Int {
        let width = configuration.width, side = inputWidth - width
        var count = batch.rows
        if let outputRows {
            count = 0
            for row in outputRows[written...] {
                guard row < firstRow + batch.rows else { break }
                if row - firstRow != count {
                    (scratch.stream + count * width).update(
                        from: scratch.stream + (row - firstRow) * width, count: width)
                    (scratch.sides + count * side).update(from: scratch.sides + (row - firstRow) * side, count: side)
                }
                count += 1
            }
        }
        guard count > 0, let base = output.baseAddress else { return count }
        let place = base + written * outputWidth
        if let head {
            times.measure(.head) {
                head.forward(rows: count, configuration: configuration, scratch: scratch, pool: pool, logits: place)
            }
        } else {
            // Of what went beside the stream the last elements are for the layers that follow.
            let left = outputWidth - width
            for row in 0..<count {
                let target = place + row * outputWidth
                target.update(from: scratch.stream + row * width, count: width)
                (target + width).update(from: scratch.sides + (row + 1) * side - left, count: left)
            }
        }
        return count
    }

    /// The number of rows of all spans, each of which must continue its sequence (or an earlier span of the batch), or in a
    /// replay begin within it.
    private func checkSpans(_ spans: [RowSpan], isReplay: Bool) throws(ModelError) -> Int {
        // Without layers a row stands for itself: there is no cache that it must continue.
        guard !layers.isEmpty else { return spans.reduce(0) { $0 + $1.count } }
        lengths.removeAll(keepingCapacity: true)
        var rows = 0
        for span in spans {
            let known = lengths.firstIndex { $0.sequence == span.sequence }
            let sequence = try cache.sequence(span.sequence)
            let length = if let known { lengths[known].length } else { sequence.length }
            guard span.position == length || isReplay && (0..<length).contains(span.position) else {
                throw ModelError(
                    code: .positionMismatch,
                    message:
                        "rows of sequence \(span.sequence) begin at position \(span.position), the sequence has \(length)",
                    mend: "send the rows that follow, or trim the sequence first")
            }
            if span.position < length { try cache.checkSeen(sequence, from: span.position, number: span.sequence) }
            guard span.count > 0, span.count <= context - span.position else {
                throw ModelError(
                    code: .contextExceeded,
                    message:
                        "\(span.count) rows of sequence \(span.sequence) at position \(span.position), the context has \(context)",
                    mend: "shorten the prompt or load the model with a larger context")
            }
            let end = max(length, span.position + span.count)
            if let known { lengths[known].length = end } else { lengths.append((span.sequence, end)) }
            rows += span.count
        }
        return rows
    }

    private func checkInput(_ input: StageInput, rows: Int) throws(ModelError) {
        switch input {
        case .tokens(let tokens):
            guard embedding != nil else { throw Self.invalid("tokens for a stage without the embedding") }
            guard tokens.count == rows else { throw Self.invalid("\(tokens.count) tokens for \(rows) rows") }
            for token in tokens where Int(token) >= configuration.vocabulary {
                throw ModelError(
                    code: .invalidInput, message: "token \(token), the vocabulary has \(configuration.vocabulary)",
                    mend: "use the model's own tokenizer")
            }
        case .activations(let values):
            guard embedding == nil else { throw Self.invalid("activations for a stage with the embedding") }
            guard values.count == rows * inputWidth else {
                throw Self.invalid("\(values.count) activations for \(rows) rows of \(inputWidth)")
            }
        }
    }

    private func checkOutput(
        _ outputRows: [Int]?, rows: Int, output: UnsafeMutableBufferPointer<Float>
    ) throws(ModelError) {
        if let outputRows {
            var next = 0
            for row in outputRows {
                guard row >= next, row < rows else {
                    throw Self.invalid("output row \(row) of \(rows), or rows not ascending")
                }
                next = row + 1
            }
        }
        let count = (outputRows?.count ?? rows) * outputWidth
        guard output.count >= count else { throw Self.invalid("room for \(output.count) of \(count) outputs") }
    }

    private func reserve(_ spans: [RowSpan]) throws(ModelError) {
        guard !layers.isEmpty else { return }
        try cache.checkRoom(lengths)
        for span in spans { try cache.reserve(cache.sequence(span.sequence), upTo: span.position + span.count) }
    }

    private static func invalid(_ message: String) -> ModelError {
        ModelError(code: .invalidInput, message: message, mend: "what calls the stage is wrong, report it")
    }
}
