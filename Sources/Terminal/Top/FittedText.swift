extension String {
    /// In exactly so many columns: cut with an ellipsis, or padded behind or before it.
    func fitted(to columns: Int, right: Bool = false) -> String {
        guard columns > 0 else { return "" }
        let text = displayWidth > columns ? fitting(columns: columns - 1) + "…" : self
        let padding = String(repeating: " ", count: max(0, columns - text.displayWidth))
        return right ? padding + text : text + padding
    }
}
