import Testing

import Sampling

@Suite("Random stream")
struct RandomStreamTests {
    // Made with a second implementation that gives the published outputs of xoshiro256** for the state 1, 2, 3, 4
    // (11520, 0, 1509978240, …) and of SplitMix64 for the seed 1234567 (6457827717110365317, …).
    @Test(
        arguments: [
            (0, [11091344671253066420, 13793997310169335082, 1900383378846508768, 7684712102626143532]),
            (42, [1546998764402558742, 6990951692964543102, 12544586762248559009, 17057574109182124193]),
            (
                18_446_744_073_709_551_615,
                [10328197420357168392, 14156678507024973869, 9357971779955476126, 13791585006304312367]
            ),
        ] as [(UInt64, [UInt64])])
    func `gives the known numbers for a seed`(seed: UInt64, numbers: [UInt64]) {
        var stream = RandomStream(seed: seed)
        #expect((0..<4).map { _ in stream.next() } == numbers)
    }

    @Test func `unit numbers lie in the half-open unit interval and fill it evenly`() {
        var stream = RandomStream(seed: 7)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 {
            let unit = stream.nextUnit()
            #expect(unit >= 0 && unit < 1)
            counts[Int(unit * 10)] += 1
        }
        // Chi-square with 9 degrees of freedom; 27.9 is exceeded once in a thousand seeds, and this seed is fixed.
        let chiSquare = counts.reduce(0.0) { $0 + Double(($1 - 10_000) * ($1 - 10_000)) / 10_000 }
        #expect(chiSquare < 27.9)
    }
}
