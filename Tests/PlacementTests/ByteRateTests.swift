import Placement
import Testing

@Suite("Byte rates")
struct ByteRateTests {
    @Test(arguments: [
        ("11.4GB/s", 11.4e9), ("800 MB/s", 8e8), ("1GiB/s", 1_073_741_824), ("1Gbit/s", 125e6), ("100 Mbit/s", 12.5e6),
        ("5/s", 5),
    ])
    func `are read`(text: String, rate: Double) {
        #expect(ByteRate(parsing: text)?.bytesPerSecond == rate)
    }

    @Test(arguments: ["", "/s", "11.4GB", "11.4GB/m", "0GB/s", "-1GB/s", "1bit/s", "1Tbit/s", "bit/s", "1e9/s"])
    func `that cannot be read give nothing`(text: String) {
        #expect(ByteRate(parsing: text) == nil)
    }

    @Test(arguments: [
        (11.4e9, "11.4 GB/s"), (117e6, "117.0 MB/s"), (999.96e6, "1.0 GB/s"), (12, "12 B/s"), (1e30, "1000000.0 TB/s"),
    ])
    func `are written in the largest fitting unit`(rate: Double, text: String) {
        #expect(ByteRate(rate).description == text)
    }
}
