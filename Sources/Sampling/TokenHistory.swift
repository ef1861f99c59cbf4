/// What the penalties know of the tokens so far.
struct TokenHistory: Sendable {
    /// How often each token was generated.
    private(set) var generated: [UInt32: Int] = [:]
    /// How often each token occurs among the last tokens of prompt and answer.
    private(set) var recent: [UInt32: Int] = [:]
    private let window: Int
    /// The last tokens; a ring once full. Unused when the window is everything.
    private var ring: [UInt32] = []
    private var oldest = 0

    /// Keeps the last `window` tokens; 0 none, -1 all.
    init(window: Int) { self.window = window }

    mutating func accept(_ token: UInt32, generated isGenerated: Bool) {
        if isGenerated { generated[token, default: 0] += 1 }
        guard window != 0 else { return }
        recent[token, default: 0] += 1
        guard window > 0 else { return }
        if ring.count < window {
            ring.append(token)
            return
        }
        let leaving = ring[oldest]
        ring[oldest] = token
        oldest = (oldest + 1) % window
        if let count = recent[leaving] { recent[leaving] = count > 1 ? count - 1 : nil }
    }
}
