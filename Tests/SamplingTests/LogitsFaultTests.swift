import Sampling
import Testing

struct LogitsFaultTests {
    private func fault(_ logits: [Float]) -> LogitsFault? { logits.withUnsafeBufferPointer { LogitsFault($0) } }

    @Test(arguments: [2, 15, 16, 17, 1000]) func `logits that say nothing are told from those that do`(count: Int) {
        let logits = (0..<count).map { Float(($0 * 37 + 11) % 101) }
        #expect(fault(logits) == nil)
        for place in [0, count / 2, count - 1] {
            for value in [Float.nan, -.nan, .infinity, .signalingNaN] {
                var damaged = logits
                damaged[place] = value
                #expect(fault(damaged) == .notFinite)
            }
            var forbidden = logits
            forbidden[place] = -.infinity
            #expect(fault(forbidden) == nil)
        }
        #expect(fault(Array(repeating: 0, count: count)) == .allEqual)
        #expect(fault(Array(repeating: -.infinity, count: count)) == .nothingPossible)
    }

    @Test func `a vocabulary of one says what it can`() { #expect(fault([0]) == nil) }
}
