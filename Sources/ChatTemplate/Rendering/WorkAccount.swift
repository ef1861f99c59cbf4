/// What one rendering has worked so far, held against its limit: the one account that every operation charges by what it touches.
///
/// A step stands for some 0.1 µs. A node, a loop turn and an element looked at take one, a list's element that is made two, a dictionary's
/// entry eight; bytes take a step for every 64 that are passed over, for every 16 that are written, and for every 4 whose
/// characters are looked up one by one. Bytes that make no whole step are carried on to the next charge.
final class WorkAccount {
    /// How an operation goes through bytes; the raw value is how many sixty-fourths of a step a byte takes.
    enum Touch: Int {
        /// In one sweep, as comparing, hashing and searching do.
        case passed = 1
        /// Made anew.
        case written = 4
        /// Character by character, with what Unicode says of each.
        case examined = 16
    }

    /// Steps between two looks at whether to go on.
    private static let stepsPerLook = 1024

    /// Steps charged so far.
    private(set) var steps = 0
    private let limit: Int
    private let goesOn: () -> Bool
    /// Sixty-fourths of a step that are not charged yet.
    private var rest = 0
    private var nextLook = WorkAccount.stepsPerLook

    /// - Parameters:
    ///   - limit: Steps that may be charged.
    ///   - goesOn: Asked now and then; the work stops once it says no.
    init(limit: Int, goesOn: @escaping () -> Bool) {
        self.limit = limit
        self.goesOn = goesOn
    }

    /// Charges steps.
    /// - Throws: `TemplateError` when they are more than allowed, or the work is to stop.
    func charge(_ count: Int, _ line: Int) throws(TemplateError) {
        let (sum, overflow) = steps.addingReportingOverflow(count)
        steps = overflow ? .max : sum
        guard steps <= limit else {
            throw TemplateError(
                code: .limit, line: line, message: "the template takes too much work: more than \(limit) steps")
        }
        guard steps >= nextLook else { return }
        nextLook = steps + Self.stepsPerLook
        guard goesOn() else {
            throw TemplateError(code: .stopped, line: line, message: "the rendering was stopped after \(steps) steps")
        }
    }

    /// Charges bytes.
    /// - Throws: as `charge`.
    func charge(bytes count: Int, _ touch: Touch, _ line: Int) throws(TemplateError) {
        let sum = rest + min(count, .max / 64) * touch.rawValue
        rest = sum & 63
        if sum >= 64 { try charge(sum / 64, line) }
    }
}
