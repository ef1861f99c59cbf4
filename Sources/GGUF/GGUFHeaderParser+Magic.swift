extension GGUFHeaderParser {
    /// Reads the four bytes "GGUF"; for anything else the error says what the file looks like.
    mutating func checkMagic() throws(GGUFError) {
        let bytes = cursor.bytes
        guard bytes.count > 0 else {
            throw cursor.error(.empty, at: 0, "the file is empty", mend: "download it again")
        }
        let magic = Array("GGUF".utf8)
        if bytes.prefix(4).elementsEqual(magic) {
            cursor.position = 4
            return
        }
        if bytes.count < 4, bytes.elementsEqual(magic.prefix(bytes.count)) {
            throw cursor.truncated(missing: 4 - bytes.count, "the magic number")
        }
        throw cursor.error(.notGGUF, at: 0, "not a GGUF file, it looks like \(guess.kind)", mend: guess.mend)
    }

    /// What the first bytes look like, and what to do then.
    private var guess: (kind: String, mend: String) {
        let bytes = cursor.bytes
        let convert = "convert it to GGUF first, or download the model as GGUF"
        for (prefix, kind, mend) in Self.knownBeginnings where bytes.starts(with: prefix) {
            return (kind, mend ?? convert)
        }
        // A safetensors file begins with the length of its JSON header, then the header.
        if bytes.count > 8, bytes[8] == UInt8(ascii: "{") {
            let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
            if length <= UInt64(bytes.count - 8) || length < 100_000_000 { return ("a safetensors file", convert) }
        }
        let text = bytes.prefix(256).drop { $0 <= 0x20 }
        if text.first == UInt8(ascii: "<") {
            return ("a web page (HTML or XML)", "use the link of the file itself and download it again")
        }
        if text.first == UInt8(ascii: "{") || text.first == UInt8(ascii: "[") {
            return ("JSON text, such as a configuration or an error message", "download the model's .gguf file")
        }
        if bytes.prefix(256).allSatisfy({ $0 == 0 }) {
            return ("a file of zeros, left by a download that did not finish", "download it again")
        }
        let shown = bytes.prefix(4).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }
        return ("an unknown format beginning with the bytes \(shown.joined(separator: " "))", "check the path")
    }

    /// First bytes of formats that models come in or downloads leave behind; nil for the mend means to convert it.
    private static let knownBeginnings: [(prefix: [UInt8], kind: String, mend: String?)] = [
        (Array("lmgg".utf8), "an old GGML model", "the format came before GGUF: get the model as GGUF"),
        (Array("fmgg".utf8), "an old GGML model (ggmf)", "the format came before GGUF: get the model as GGUF"),
        (Array("tjgg".utf8), "an old GGML model (ggjt)", "the format came before GGUF: get the model as GGUF"),
        (Array("algg".utf8), "an old GGML adapter (ggla)", "an adapter is not a model: get the model as GGUF"),
        (
            [0x50, 0x4b, 0x03, 0x04], "a zip archive, such as a PyTorch checkpoint or a Python wheel",
            "unpack or convert it"
        ),
        ([0x1f, 0x8b], "a gzip archive", "unpack it first"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "an xz archive", "unpack it first with xz -d"),
        ([0x28, 0xb5, 0x2f, 0xfd], "a zstd archive", "unpack it first with zstd -d"),
        ([0x80, 0x02], "a Python pickle, such as an old PyTorch checkpoint", nil),
        ([0x89, 0x48, 0x44, 0x46], "an HDF5 file", nil),
        ([0x7f, 0x45, 0x4c, 0x46], "a program", "check the path"),
        (
            Array("version https://git-lfs".utf8), "a Git LFS pointer instead of the file",
            "run git lfs pull, or download the file itself"
        ),
    ]
}
