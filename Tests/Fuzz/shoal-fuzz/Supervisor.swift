import Fuzzing
import Glibc

/// The parent's part: children run the inputs; when one dies, hangs or takes too much, the input is kept and another goes on behind it.
struct Supervisor {
    /// Processor time that one input may take, and time in all, in seconds: a busy machine is no hang.
    static let allowedSeconds = (processor: 10.0, wall: 120.0)
    /// Findings in one format after which it is left.
    static let enough = 20

    let format: any FuzzFormat.Type
    let seed: UInt64
    let folder: String

    /// What came of a format.
    struct Result: Encodable {
        var format: String
        var inputs = 0
        var accepted = 0
        var refused = 0
        /// Sent by formats whose inputs are conversations.
        var messages = 0
        var seconds = 0.0
        /// The most bytes that an input took beyond twice its size.
        var highestBytes = 0
        var findings: [String] = []
    }

    /// - Parameter messages: goes on until so many were sent instead, where the format counts them.
    func run(inputs: Int, messages: Int? = nil) throws -> Result {
        var result = Result(format: format.name)
        let start = Self.now
        let mutator = Mutator(try format.init(), seed: seed)
        let isCounted = messages != nil && format.isConversation
        let (inputs, messages) = (isCounted ? Int.max : inputs, messages ?? Int.max)
        let path = "/tmp/shoal-fuzz-\(getpid())-\(format.name)"
        let record = try Record(path: path)
        defer { unlink(path) }
        var next = 0
        while next < inputs, record.messages < messages, result.findings.count < Self.enough {
            record.index = next
            record.tooManyBytes = 0
            guard let reason = try child(from: next, to: inputs, messages: messages, record: record, path: path) else {
                break
            }
            let input = mutator.input(record.index)
            result.findings.append(try keep(input, index: record.index, reason: reason))
            next = record.index + 1
        }
        result.inputs = max(record.index, next)
        (result.accepted, result.refused, result.highestBytes) = (record.accepted, record.refused, record.highestBytes)
        result.messages = record.messages
        result.seconds = Self.now - start
        return result
    }

    /// Runs a child to its end, and says what was wrong, or nil.
    private func child(
        from first: Int, to last: Int, messages: Int, record: Record, path: String
    ) throws -> String? {
        let arguments = [
            CommandLine.arguments[0], "batch", format.name, "--seed", "\(seed)", "--first", "\(first)", "--last",
            "\(last)", "--messages", "\(messages)", "--record", path,
        ]
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let failure = posix_spawn(&process, "/proc/self/exe", nil, nil, &pointers, environ)
        guard failure == 0 else { throw FuzzError("cannot start a child: \(String(cString: strerror(failure)))") }
        var status: CInt = 0
        var seen = -1
        var (since, used) = (Self.now, 0.0)
        while waitpid(process, &status, WNOHANG) == 0 {
            usleep(20_000)
            let time = Self.processorSeconds(of: process)
            if record.index != seen { (seen, since, used) = (record.index, Self.now, time) }
            if time - used > Self.allowedSeconds.processor || Self.now - since > Self.allowedSeconds.wall {
                kill(process, SIGKILL)
                waitpid(process, &status, 0)
                return "hangs: more than \(Int(time - used)) s of processor time, \(Int(Self.now - since)) s in all"
            }
        }
        if status & 0x7f != 0 { return "crashes with signal \(status & 0x7f)" }
        switch status >> 8 & 0xff {
        case 0: return nil
        case 3: return "takes \(record.tooManyBytes) bytes"
        case let code: return "ends the process with status \(code)"
        }
    }

    private func keep(_ input: [UInt8], index: Int, reason: String) throws -> String {
        mkdir(folder, 0o755)
        let path = "\(folder)/\(format.name)-\(seed)-\(index).bin"
        guard let stream = fopen(path, "wb") else {
            throw FuzzError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        fwrite(input, 1, input.count, stream)
        fclose(stream)
        let finding = "\(format.name), seed \(seed), input \(index) of \(input.count) bytes \(reason): \(path)"
        writeError(finding)
        return finding
    }

    private static var now: Double { seconds(of: CLOCK_MONOTONIC) }

    private static func processorSeconds(of process: pid_t) -> Double {
        var clock = clockid_t()
        return clock_getcpuclockid(process, &clock) == 0 ? seconds(of: clock) : 0
    }

    private static func seconds(of clock: clockid_t) -> Double {
        var time = timespec()
        return clock_gettime(clock, &time) == 0 ? Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 : 0
    }
}
