import Grammar
import Sampling
import Tokenizer

/// One answer in the making: from logits to tokens to text.
struct Generation: Sendable {
    private let request: GenerationRequest
    private let endOfGeneration: Set<TokenID>
    /// How many of the logits are of tokens; models may have more rows.
    private let vocabularySize: Int
    /// Tokens to generate at most, with the context's room.
    private let limit: Int
    private let submitted: ContinuousClock.Instant
    private var firstToken: ContinuousClock.Instant?
    private var generated = 0
    /// Tokens of the prompt whose cache was there.
    var cachedTokens = 0
    private var sampler: Sampler
    private var detokenizer: StreamingDetokenizer
    private var stops: StopMatcher
    private var grammar: AnswerGrammar?

    /// What a chosen token means for the answer.
    enum Outcome: Sendable {
        case goOn(TokenID, text: String)
        /// The last token with the text it completes, if it belongs to the answer, and why it is the last.
        case end(TokenID?, text: String, FinishReason, GenerationUsage)
        case fail(CoordinatorError)
    }

    /// - Throws: `SamplingError` for parameters out of range.
    /// - Parameter isShifted: whether the answer goes on when the context is full.
    /// - Precondition: the prompt fits the context, or that is shifted.
    init(
        _ request: GenerationRequest, tokenizer: Tokenizer, context: Int, isShifted: Bool, seed: UInt64,
        now: ContinuousClock.Instant
    ) throws(SamplingError) {
        self.request = request
        endOfGeneration = request.ignoreEndOfGeneration ? [] : tokenizer.endOfGeneration
        // A context that is shifted never ends, an answer must.
        limit =
            isShifted
            ? request.maximumTokens ?? context
            : min(request.maximumTokens ?? .max, context - request.prompt.count)
        submitted = now
        sampler = try Sampler(
            request.sampling, forbidden: tokenizer.forbiddenTokens(embeddingRows: tokenizer.vocabularySize),
            seed: request.sampling.seed ?? seed)
        for token in request.prompt { sampler.accept(token, fromPrompt: true) }
        detokenizer = StreamingDetokenizer(tokenizer, skipSpecial: true, after: request.prompt.last)
        vocabularySize = tokenizer.vocabularySize
        stops = StopMatcher(request.stop)
        grammar = request.grammar.map { AnswerGrammar($0, dropsSpace: detokenizer.dropsSpace) }
    }

    /// What `next` will need, for whoever has time to find it before; nil without a grammar.
    var nextMask: NextMask? { grammar?.next }

    /// Chooses the next token from the logits of the last row, `[vocabulary]`.
    mutating func next(logits: UnsafeBufferPointer<Float>, now: ContinuousClock.Instant) -> Outcome {
        let logits = UnsafeBufferPointer(rebasing: logits.prefix(vocabularySize))
        let token: TokenID
        if let mask = grammar?.next {
            do throws(CoordinatorError) {
                let allowed = try mask.value()
                if allowed.isEmpty { return grammar!.canEnd ? ended(now) : .fail(.grammarWithoutTokens) }
                token = sampler.next(logits: logits, allowed: allowed.words)
            } catch {
                return .fail(error)
            }
        } else {
            token = sampler.next(logits: logits)
        }
        sampler.accept(token)
        if firstToken == nil { firstToken = now }
        generated += 1
        if endOfGeneration.contains(token) || grammar?.isEnd(token) ?? false { return ended(now) }
        do throws(CoordinatorError) {
            try grammar?.accept(token)
        } catch {
            return .fail(error)
        }
        let (text, stopped) = stops.append(detokenizer.append(token))
        if stopped { return .end(token, text: text, .stop, usage(now)) }
        // Where nothing may follow there is no need to ask the model.
        if grammar?.isOver ?? false { return .end(token, text: text + rest(), .stop, usage(now)) }
        if generated >= limit {
            return .end(token, text: text + rest(), .length, usage(now))
        }
        return .goOn(token, text: text)
    }

    private mutating func ended(_ now: ContinuousClock.Instant) -> Outcome {
        .end(nil, text: rest(), .stop, usage(now))
    }

    private mutating func rest() -> String {
        let (text, stopped) = stops.append(detokenizer.finish())
        return stopped ? text : text + stops.finish()
    }

    private func usage(_ now: ContinuousClock.Instant) -> GenerationUsage {
        let first = firstToken ?? now
        return GenerationUsage(
            promptTokens: request.prompt.count, cachedTokens: cachedTokens, generatedTokens: generated,
            secondsToFirstToken: (first - submitted) / .seconds(1), secondsGenerating: (now - first) / .seconds(1))
    }
}
