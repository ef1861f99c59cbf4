/// A line through the measured times of steps: something fixed, something for each row by its kind, and something for each position that
/// rows reach back to.
///
/// The line is of the *work* of a step: what the slowest stage takes for it. Steps that went through the pipe alone show it too, `depth` times.
///
/// Robust and simple: observations are put into classes by the magnitude of their rows and positions; of each class the median of the last
/// five counts, so that a step that another program delayed does not; classes that were not seen for long count less. The line is the one of
/// least squared relative error without negative coefficients. A weak pull to "a step costs as much as 8 rows, all rows cost the same, and
/// 4096 positions double a row" decides where the observations do not.
struct CostLine: Sendable {
    /// Coefficients in seconds.
    struct Line: Sendable, Hashable {
        var fixed: Double
        var perGenerating: Double
        var perPrompt: Double
        var perGeneratingReach: Double
        var perPromptReach: Double

        func seconds(_ rows: StepRows) -> Double {
            fixed + perGenerating * Double(rows.generating) + perPrompt * Double(rows.prompt)
                + perGeneratingReach * Double(rows.generatingReach) + perPromptReach * Double(rows.promptReach)
        }

        func divided(by divisor: Double) -> Line {
            Line(
                fixed: fixed / divisor, perGenerating: perGenerating / divisor, perPrompt: perPrompt / divisor,
                perGeneratingReach: perGeneratingReach / divisor, perPromptReach: perPromptReach / divisor)
        }
    }

    /// What was measured.
    enum Measure: Sendable, Hashable {
        /// The time of the slowest stage.
        case work
        /// The time from sending to result, without waiting.
        case roundTrip
    }

    private struct Sample: Sendable {
        var rows: StepRows
        var seconds: Double
    }

    /// Steps of about the same rows.
    private struct Class: Sendable {
        var measure: Measure
        var magnitude: StepRows
        var samples: [Sample]
        var lastSeen: Int

        var median: Sample { samples.sorted { $0.seconds < $1.seconds }[samples.count / 2] }
    }

    /// Observations of a class that are kept.
    private static let kept = 5
    /// Classes that are kept.
    private static let keptClasses = 48
    /// Observations after which a class that was not seen again counts half.
    private static let halfLife = 512.0
    /// The weight of the assumption about costs beside one class of observations.
    private static let pull = 0.15
    /// What is assumed, in rows.
    private static let assumed = Line(
        fixed: 8, perGenerating: 1, perPrompt: 1, perGeneratingReach: 1 / 4096, perPromptReach: 1 / 4096)

    private var classes: [Class] = []
    private var observations = 0
    /// In units of a row before the first observation.
    private(set) var line = assumed

    var isKnown: Bool { observations > 0 }

    /// Whether steps with generating rows were seen.
    var knowsGenerating: Bool { classes.contains { $0.magnitude.generating > 0 && $0.samples.count >= 3 } }

    /// Whether steps of about these rows were seen.
    func knows(_ rows: StepRows) -> Bool {
        let magnitude = Self.magnitude(rows)
        return classes.contains { $0.magnitude == magnitude }
    }

    func seconds(_ rows: StepRows) -> Double { line.seconds(rows) }

    /// Takes in a step's time.
    ///
    /// - Parameter depth: how often the slowest stage's work goes into a round trip.
    mutating func add(_ rows: StepRows, seconds: Double, _ measure: Measure, depth: Double) {
        guard seconds > 0, seconds.isFinite else { return }
        observations += 1
        let magnitude = Self.magnitude(rows)
        let sample = Sample(rows: rows, seconds: seconds)
        if let index = classes.firstIndex(where: { $0.magnitude == magnitude && $0.measure == measure }) {
            if classes[index].samples.count == Self.kept { classes[index].samples.removeFirst() }
            classes[index].samples.append(sample)
            classes[index].lastSeen = observations
        } else {
            if classes.count == Self.keptClasses {
                classes.remove(at: classes.indices.min { classes[$0].lastSeen < classes[$1].lastSeen }!)
            }
            classes.append(Class(measure: measure, magnitude: magnitude, samples: [sample], lastSeen: observations))
        }
        fit(depth: depth)
    }

    private static func magnitude(_ rows: StepRows) -> StepRows {
        // 0 for 0, else one more than the binary logarithm.
        func magnitude(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount }
        func reach(_ sum: Int, _ rows: Int) -> Int { rows > 0 ? magnitude(sum / rows / 512) : 0 }
        return StepRows(
            generating: magnitude(rows.generating), prompt: magnitude(rows.prompt),
            generatingReach: reach(rows.generatingReach, rows.generating),
            promptReach: reach(rows.promptReach, rows.prompt))
    }

    private mutating func fit(depth: Double) {
        let medians = classes.map { group in
            var sample = group.median
            if group.measure == .roundTrip { sample.seconds /= depth }
            return (sample: sample, age: observations - group.lastSeen)
        }
        let units = medians.map { $0.sample.seconds / Self.assumed.seconds($0.sample.rows) }.sorted()
        let unit = units[units.count / 2]
        let assumed = Self.assumed.coefficients.map { $0 * unit }
        var equations = NormalEquations(count: assumed.count)
        for (index, coefficient) in assumed.enumerated() {
            var row = [Double](repeating: 0, count: assumed.count)
            row[index] = 1 / coefficient
            equations.add(row, weight: Self.pull)
        }
        for (sample, age) in medians {
            let weight = max(0.05, 1 / (1 + Double(age) / Self.halfLife))
            equations.add(sample.rows.features.map { $0 / sample.seconds }, weight: weight)
        }
        // Nothing is for nothing: predictions are divided by.
        let best = zip(equations.solveNonNegative(), assumed).map { max($0, $1 / 100) }
        line = Line(best)
    }
}

extension CostLine.Line {
    fileprivate init(_ coefficients: [Double]) {
        self.init(
            fixed: coefficients[0], perGenerating: coefficients[1], perPrompt: coefficients[2],
            perGeneratingReach: coefficients[3], perPromptReach: coefficients[4])
    }

    fileprivate var coefficients: [Double] {
        [fixed, perGenerating, perPrompt, perGeneratingReach, perPromptReach]
    }
}

extension StepRows {
    /// What the coefficients are multiplied with.
    fileprivate var features: [Double] {
        [1, Double(generating), Double(prompt), Double(generatingReach), Double(promptReach)]
    }
}
