import Grammar
import Synchronization
import Tokenizer

/// Keeps one answer within a grammar.
struct AnswerGrammar: Sendable {
    private let tables: MaskTables
    private var matcher: GrammarMatcher
    /// The tokens that may come next, made by whoever has time first.
    private(set) var next: NextMask

    /// - Parameter dropsSpace: whether a space that the first token begins with is not part of the text.
    init(_ tables: MaskTables, dropsSpace: Bool) {
        self.tables = tables
        matcher = GrammarMatcher(tables.grammar)
        next = NextMask(tables, matcher, avoidsSpace: dropsSpace)
    }

    /// Whether the text may end here.
    var canEnd: Bool { matcher.canEnd }

    /// Whether nothing may follow.
    var isOver: Bool { matcher.isOver }

    /// Whether a token ends answers rather than being text.
    func isEnd(_ token: TokenID) -> Bool { tables.vocabulary.isEnd(token) }

    /// Goes on with a token that was allowed.
    /// - Throws: `CoordinatorError` where the text becomes too costly to follow.
    mutating func accept(_ token: TokenID) throws(CoordinatorError) {
        do {
            let isAllowed = try matcher.accept(tables.vocabulary.bytes(of: token))
            precondition(isAllowed, "the token \(token) was chosen, which the grammar does not allow")
        } catch {
            throw CoordinatorError(grammar: error)
        }
        next = NextMask(tables, matcher, avoidsSpace: false)
    }
}

/// The tokens that an answer may go on with, found once: on a thread of its own while the pipe works, or by the one who needs them.
/// Safe from any thread.
final class NextMask: Sendable {
    private let tables: MaskTables
    private let matcher: GrammarMatcher
    private let avoidsSpace: Bool
    private let made = Mutex<Result<TokenMask, GrammarError>?>(nil)

    init(_ tables: MaskTables, _ matcher: GrammarMatcher, avoidsSpace: Bool) {
        self.tables = tables
        self.matcher = matcher
        self.avoidsSpace = avoidsSpace
    }

    /// Finds them, unless that was done; waits for another thread that does it.
    func prepare() { _ = result }

    /// - Throws: `CoordinatorError` where finding them is too costly.
    func value() throws(CoordinatorError) -> TokenMask {
        do {
            return try result.get()
        } catch {
            throw CoordinatorError(grammar: error)
        }
    }

    private var result: Result<TokenMask, GrammarError> {
        made.withLock { made in
            if let made { return made }
            let result = Result { () throws(GrammarError) in try find() }
            made = result
            return result
        }
    }

    private func find() throws(GrammarError) -> TokenMask {
        let mask = try tables.mask(for: matcher)
        guard avoidsSpace else { return mask }
        // A text whose first space would be lost is begun without, if it can be.
        var others = mask
        for token in mask.tokens where tables.vocabulary.bytes(of: token).first == UInt8(ascii: " ") {
            others.remove(token)
        }
        return others.isEmpty ? mask : others
    }
}

extension CoordinatorError {
    /// A text that is too costly to keep within its grammar.
    fileprivate init(grammar error: GrammarError) {
        self.init(.invalidRequest, "the answer cannot be kept within its grammar any longer: \(error)")
    }

    /// No token leads on.
    static let grammarWithoutTokens = CoordinatorError(
        .computation, "the grammar wants a text that the model has no tokens for, so the answer cannot go on")
}
