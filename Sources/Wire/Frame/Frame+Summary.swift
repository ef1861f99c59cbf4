extension Frame {
    /// The kind of frame in a word or two, for errors and logs; nothing of what it holds.
    package var summary: String {
        switch self {
        case .step: return "a step"
        case .piece: return "a shard piece"
        case .cache: return "a cache piece"
        case .control(let message):
            let text = String(describing: message.body)
            return "a control message \(text.prefix { $0 != "(" })"
        }
    }
}
