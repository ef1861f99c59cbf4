import CoordinatorCore
import Grammar
import Synchronization

/// The grammars that answers were last asked to follow, compiled for the model that is served. Safe from any thread.
final class AnswerGrammars: Sendable {
    /// Grammars that are kept, each with what its masks remember (`GrammarLimits.cacheBytes`).
    private static let most = 16

    private struct Compiled {
        weak var coordinator: Coordinator?
        var vocabulary: TokenVocabulary?
        /// The last used one last.
        var grammars: [(constraint: AnswerConstraint, tables: MaskTables)] = []
    }

    private let compiled = Mutex(Compiled())

    /// The grammar that is there already; nil where it must be made.
    func known(_ constraint: AnswerConstraint, for coordinator: Coordinator) -> MaskTables? {
        compiled.withLock { compiled in
            guard compiled.coordinator === coordinator,
                let place = compiled.grammars.firstIndex(where: { $0.constraint == constraint })
            else { return nil }
            let found = compiled.grammars.remove(at: place)
            compiled.grammars.append(found)
            return found.tables
        }
    }

    /// Makes a grammar, and of a new model the vocabulary. Takes its time: not for threads that others wait for.
    /// - Throws: a bad request that names the place; 503 where the model has no tokenizer.
    func make(_ constraint: AnswerConstraint, for coordinator: Coordinator) throws(APIError) -> MaskTables {
        let grammar = try constraint.grammar()
        let automaton: CompiledGrammar
        do {
            automaton = try CompiledGrammar(grammar)
        } catch {
            throw constraint.refusal(error)
        }
        guard let tokenizer = coordinator.model.tokenizer else {
            throw .unavailable("the model is served without its tokenizer")
        }
        // Made without the lock, which threads of others wait for.
        let present = compiled.withLock { $0.coordinator === coordinator ? $0.vocabulary : nil }
        let vocabulary = present ?? TokenVocabulary(tokenizer)
        return compiled.withLock { compiled in
            if compiled.coordinator !== coordinator { compiled = Compiled(coordinator: coordinator) }
            if compiled.vocabulary == nil { compiled.vocabulary = vocabulary }
            let tables = MaskTables(automaton, vocabulary)
            compiled.grammars.append((constraint, tables))
            if compiled.grammars.count > Self.most { compiled.grammars.removeFirst() }
            return tables
        }
    }
}
