extension Frame {
    /// Whether a link with these limits takes the frame's step or piece, without encoding it.
    ///
    /// - Throws: `WireError` naming what is wrong.
    package func validate(limits: FrameLimits) throws(WireError) {
        switch self {
        case .control: break
        case .step(let step): try step.validate(limits: limits)
        case .piece(let piece): try piece.validate(limits: limits)
        case .cache(let piece): try piece.validate(limits: limits)
        }
    }
}
