import Terminal
import Testing

@Suite("The window of a terminal")
struct TerminalWindowTests {
    @Test("A descriptor that is no terminal has no columns")
    func noTerminal() {
        #expect(TerminalWindow.columns(of: -1) == nil)
        #expect(TerminalWindow.size(of: -1) == nil)
    }
}
