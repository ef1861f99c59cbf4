import Terminal
import Testing

@Suite("What is typed in a conversation")
struct ConversationInputTests {
    /// What comes of lines, one after the other.
    private func entries(_ lines: [String]) -> [ConversationInput.Entry] {
        var input = ConversationInput()
        return lines.map { input.take($0) } + [input.end()]
    }

    @Test("A line is a message; an empty one is none")
    func lines() {
        #expect(entries(["Hello", "", "  "]) == [.message("Hello"), .nothing, .nothing, .nothing])
    }

    @Test("A line that ends in a backslash goes on")
    func backslash() {
        #expect(entries(["one\\", "two"]) == [.unfinished, .message("one\ntwo"), .nothing])
        #expect(entries(["one\\"]) == [.unfinished, .message("one")])
        // What follows is no order.
        #expect(entries(["one\\", "/new"]) == [.unfinished, .message("one\n/new"), .nothing])
    }

    @Test("Three quotes begin and end a block")
    func block() {
        #expect(entries(["\"\"\"", "one", "", "/new", "\"\"\""]).suffix(2) == [.message("one\n\n/new"), .nothing])
        #expect(entries(["\"\"\"one", "two\"\"\" "]) == [.unfinished, .message("one\ntwo"), .nothing])
        #expect(entries(["\"\"\"one\"\"\""]) == [.message("one"), .nothing])
        #expect(entries(["\"\"\"", "\"\"\""]) == [.unfinished, .nothing, .nothing])
    }

    @Test("A word behind a slash is an order; a path is none")
    func orders() {
        #expect(entries(["/new"])[0] == .order("new", argument: ""))
        #expect(entries([" /Set  temperature 0.2 "])[0] == .order("set", argument: "temperature 0.2"))
        #expect(entries(["/"])[0] == .order("", argument: ""))
        #expect(entries(["/etc/passwd is what?"])[0] == .message("/etc/passwd is what?"))
    }

    @Test("What has begun can be dropped")
    func clear() {
        var input = ConversationInput()
        _ = input.take("one\\")
        #expect(input.isUnfinished)
        input.clear()
        #expect(input.take("two") == .message("two"))
    }
}
