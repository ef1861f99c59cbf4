/// How an input ended that did no harm.
package enum FuzzOutcome: Sendable, Hashable {
    /// It was understood.
    case accepted
    /// It was refused with a typed error.
    case refused
}

/// A kind of input from outside: where inputs begin, how they are changed, and what is done with one.
///
/// `run` traps where a promise is broken: an error of another type, a value that does not survive its own encoding. Whoever runs it
/// sees to crashes, time and memory.
package protocol FuzzFormat: SendableMetatype {
    /// The name on the command line, and of the folder of inputs that once failed.
    static var name: String { get }
    /// An input of it takes as long as so many of the others: of so many fewer a run consists.
    static var cost: Int { get }
    /// Makes what inputs share, such as a corpus.
    init() throws
    /// Well-formed inputs, which mutations begin with.
    var corpus: [[UInt8]] { get }
    /// Words of the format, which are inserted and repeated.
    var words: [[UInt8]] { get }
    /// Few inputs that are as large or as deep as may be; each is run once.
    var extremes: [[UInt8]] { get }
    /// A new input by the format's grammar, nil where only mutations are of use.
    func generate(_ random: inout FuzzRandom) -> [UInt8]?
    /// What an input may take besides twice its own size, in bytes.
    static var allowedBytes: Int { get }
    /// Whether inputs are conversations, whose messages are counted.
    static var isConversation: Bool { get }
    /// Messages that were sent so far.
    var messages: Int { get }
    /// Does with an input what the program does.
    func run(_ input: [UInt8]) -> FuzzOutcome
}

extension FuzzFormat {
    package static var cost: Int { 1 }
    package static var allowedBytes: Int { 64 << 20 }
    package static var isConversation: Bool { false }
    package var messages: Int { 0 }
    package var words: [[UInt8]] { [] }
    package var extremes: [[UInt8]] { [] }
    package func generate(_ random: inout FuzzRandom) -> [UInt8]? { nil }
}

/// All formats; of safetensors there is no reader.
package let fuzzFormats: [any FuzzFormat.Type] = [
    GGUFFuzz.self, SplitFuzz.self, FrameFuzz.self, ControlFuzz.self, ConnectionFuzz.self, RequestFuzz.self,
    TemplateFuzz.self, GrammarFuzz.self,
    TextFuzz.self, ClusterFuzz.self, ConfigurationFuzz.self, MachineFuzz.self,
    JoinTokenFuzz.self, PairingFuzz.self, CertificateFuzz.self, DiscoveryFuzz.self,
    WorkerPeerFuzz.self, CoordinatorPeerFuzz.self,
]
