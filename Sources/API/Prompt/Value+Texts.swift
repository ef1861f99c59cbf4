import ChatTemplate

/// The texts that users wrote in a conversation, wherever they stand in it: all but the roles.
extension Value {
    /// Gathers them, in order.
    func addTexts(to texts: inout [String]) {
        switch self {
        case .string(let text): texts.append(text)
        case .list(let list): for element in list.elements { element.addTexts(to: &texts) }
        case .mapping(let mapping):
            for (key, value) in zip(mapping.keys, mapping.values) where key != "role" { value.addTexts(to: &texts) }
        default: break
        }
    }

    /// The same with other texts in their places.
    func replacingTexts(by texts: inout ArraySlice<String>) -> Value {
        switch self {
        case .string(let text): return .string(texts.popFirst() ?? text)
        case .list(let list): return .array(list.elements.map { $0.replacingTexts(by: &texts) })
        case .mapping(let mapping):
            return .object(
                zip(mapping.keys, mapping.values).map { key, value in
                    (key, key == "role" ? value : value.replacingTexts(by: &texts))
                })
        default: return self
        }
    }
}
