import ArgumentParser

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows what a model's file is: sizes, context, tokenizer, chat template, and what is not supported.",
        discussion: """
            A file that cannot be run is shown too, with the reasons.
            Example: shoal inspect SmolLM2-135M-Instruct.Q4_1.gguf --json
            """)

    @Argument(help: ArgumentHelp("The GGUF file.", valueName: "model")) var model: String
    @Flag(help: "Lists all metadata.") var metadata = false
    @Flag(help: "Lists all tensors.") var tensors = false
    @Flag(help: "Prints JSON, with all metadata and tensors.") var json = false

    func run() throws {
        let opened = try Model(path: model, isWhole: false)
        let document = InspectDocument(opened.file)
        try opened.check()
        if json { return try Console.json(document) }
        Console.write(InspectText(document).text(metadata: metadata, tensors: tensors))
    }
}
