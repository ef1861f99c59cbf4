/// All pre-tokenizers by the names that llama.cpp gives them (`tokenizer.ggml.pre`, `src/llama-vocab.cpp`). Where it
/// approximates a model's own regular expression, the model's is built: case and marks of letters beyond ASCII.
extension PreTokenizer {
    static let families: [(names: [String], value: PreTokenizer)] = [
        (["default"], standard),
        (
            [
                "gpt-2", "gpt2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "gigachat",
                "mellum", "modern-bert", "a.x-4.0", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de",
                "jina-v2-code", "roberta-bpe",
            ], PreTokenizer(.gpt2)
        ),
        (
            ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"],
            PreTokenizer(.numbers(upTo: 1), .gpt2)
        ),
        (["falcon"], PreTokenizer(.punctuation(backQuote: true), .gpt2, .threeDigits)),
        (
            [
                "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
                "jina-v5-nano",
            ], PreTokenizer(.words(.llama3), takesWholePieces: true, addsBeginningByDefault: true)
        ),
        (["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], PreTokenizer(.words(.llama3))),
        (["jais-2"], PreTokenizer(.words(.jais2))),
        (
            [
                "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open",
                "grok-2",
                // Its expression has `\s*[\r\n]` for `\s*[\r\n]+`, which matches the same.
                "bailingmoe", "bailingmoe2", "llada-moe",
            ], PreTokenizer(.words(.qwen2))
        ),
        (["qwen35"], PreTokenizer(.words(.qwen35))),
        (["laguna"], PreTokenizer(.lines, .words(.qwen2))),
        (["seed-coder"], PreTokenizer(.words(.seedCoder))),
        (["ufakzeka"], PreTokenizer(.words(.ufakzeka))),
        (["exaone-moe"], PreTokenizer(.words(.exaoneMoE))),
        (["minicpm5"], PreTokenizer(.numbers(upTo: 3), .words(.miniCPM5), takesWholePieces: true)),
        (["tekken"], PreTokenizer(.words(.tekken), takesWholePieces: true, addsBeginningByDefault: true)),
        (["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], PreTokenizer(.words(.gpt4o))),
        (["granite-embed-multi-97m"], PreTokenizer(.words(.gpt4o), takesWholePieces: true)),
        (["tiny_aya", "cohere2moe"], PreTokenizer(.digitGroups(.wholeWords), .words(.gpt4o))),
        (["kimi-k2"], PreTokenizer(.words(.kimi))),
        (
            ["youtu"],
            PreTokenizer(
                .runs([.korean, .chinesePunctuation, .bopomofo, .chineseAndKana], afterSpace: false), .words(.youtu),
                takesWholePieces: true)
        ),
        (
            ["deepseek-llm"],
            PreTokenizer(
                .eachNewline, .runs([.deepSeekLetters], afterSpace: true),
                .runs([.deepSeekPunctuation], afterSpace: true), .trailingSpace,
                .runs([.deepSeekScripts], afterSpace: false), .numbers(upTo: .max))
        ),
        (
            ["deepseek-coder"],
            PreTokenizer(
                .eachNewline, .classRun(.letter), .classRun(.punctuation),
                .runs([.deepSeekScripts], afterSpace: false), .numbers(upTo: 1))
        ),
        (
            ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
            PreTokenizer(
                .numbers(upTo: 3), .runs([.chineseAndKana], afterSpace: false), .deepSeekWords(.deepSeek3))
        ),
        (
            ["spark2_5"],
            PreTokenizer(
                .numbers(upTo: 3), .runs([.chineseAndKana], afterSpace: false), .deepSeekWords(.spark),
                .numbers(upTo: 1))
        ),
        (
            ["afmoe"],
            PreTokenizer(
                .digitGroups(.numbers), .runs([.asianScripts], afterSpace: false), .deepSeekWords(.deepSeek3))
        ),
        (["bloom", "poro-chat", "gpt3-finnish"], PreTokenizer(.phrases)),
        (["viking"], PreTokenizer(.phrases, .numbers(upTo: 1))),
        (["superbpe"], PreTokenizer(.numbers(upTo: .max), .digitGroups(.digits))),
        (
            ["chameleon"],
            PreTokenizer(
                .indentation, .numbers(upTo: 1), .eachPunctuation, .gpt2, addsBeginningByDefault: true)
        ),
    ]

    /// The cuts for files that name no pre-tokenizer: `[\p{P}\$\+<=>\^~\|]+`, GPT-2's, `\p{N}+`, `[0-9][0-9][0-9]`.
    static let standard = PreTokenizer(
        .punctuation(backQuote: false), .gpt2, .numbers(upTo: .max), .threeDigits)

    /// Gemma 4's, whose merges are of characters: `[^\n]+|\n+`.
    static let lines = PreTokenizer(.lines)
}
