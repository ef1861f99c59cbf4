import Testing

import Placement

@Suite("Byte counts")
struct ByteCountTests {
    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("1GiB", 1 << 30), ("512 MiB", 512 << 20), ("800MB", 800_000_000), ("1.5g", 3 << 29),
        ("8 GB", 8_000_000_000), ("2TiB", 2 << 40), ("1_000", 1000), ("16k", 16384), ("12 B", 12), ("0.25 KiB", 256),
    ])
    func `are read`(text: String, bytes: Int) {
        #expect(ByteCount(parsing: text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "GiB", "-1", "1.GiB", ".5G", "1,5G", "1 PiB", "0x10", "1.5", "99999999999999999999", "9999999999 TiB",
        "1e9",
    ])
    func `that cannot be read give nothing`(text: String) {
        #expect(ByteCount(parsing: text) == nil)
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (98_362_432, "93.8 MiB"),
        (1 << 30, "1.0 GiB"),
        ((1 << 30) - 1, "1.0 GiB"), (-2048, "-2.0 KiB"), (Int.max, "8388608.0 TiB"), (Int.min, "-8388608.0 TiB"),
    ])
    func `are written in the largest fitting unit`(bytes: Int, text: String) {
        #expect(ByteCount(bytes).description == text)
    }
}
