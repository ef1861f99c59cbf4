extension GGUFFile {
    /// Opens a model: a file, or, given its first file, all files of a split one.
    ///
    /// - Throws: `GGUFError` that says which file is wrong, where, and what to do.
    package static func openModel(path: String) throws(GGUFError) -> GGUFFile {
        try openModel(path: path) { (path) throws(GGUFError) in try open(path: path) }
    }

    /// Opens a model with files from anywhere: `open` gives the one of a path, or throws `notFound` where there is none.
    ///
    /// - Throws: `GGUFError` that says which file is wrong, where, and what to do.
    package static func openModel(
        path: String, open: (_ path: String) throws(GGUFError) -> GGUFFile
    ) throws(GGUFError) -> GGUFFile {
        let first = try open(path)
        guard let header = try SplitHeader(first) else { return first }
        let name = SplitName(path: path)
        guard header.index == 0 else { throw laterPart(first, header, name) }
        guard let name, (name.index, name.count) == (0, header.count) else {
            throw GGUFError(
                code: .missingPart, path: path,
                message:
                    "is the first of \(header.count) files of a split model, and its name does not end with \(SplitName.numbers(0, of: header.count)).gguf",
                mend:
                    "give all its files the names that they were made with, in one folder: the others are found by them"
            )
        }
        let files = [first] + (try laterFiles(of: header, name: name, open: open))
        for index in 1..<files.count { try check(files[index], at: index, of: header, first: first) }
        try checkTensors(of: files, header)
        return GGUFFile(merging: files)
    }

    private static func laterPart(_ file: GGUFFile, _ header: SplitHeader, _ name: SplitName?) -> GGUFError {
        // Only a name that fits tells the name of the first.
        let first =
            name.flatMap { $0.index == header.index && $0.count == header.count ? $0.path(of: 0) : nil }
            ?? "the file whose name ends with \(SplitName.numbers(0, of: header.count)).gguf"
        return GGUFError(
            code: .laterPart, path: file.path,
            message: "is file \(header.index + 1) of \(header.count) of a split model, which is opened by its first",
            mend: "give \(first), with all other files beside it")
    }

    private static func laterFiles(
        of header: SplitHeader, name: SplitName, open: (_ path: String) throws(GGUFError) -> GGUFFile
    ) throws(GGUFError) -> [GGUFFile] {
        var files: [GGUFFile] = []
        var missing: [String] = []
        for index in 1..<header.count {
            let path = name.path(of: index)
            do {
                let file = try open(path)
                // What is missing is told first: the other files are of no use without it.
                if missing.isEmpty { files.append(file) }
            } catch  where error.code == .notFound {
                missing.append(path)
            }
        }
        guard missing.isEmpty else {
            let shown = missing.prefix(3).joined(separator: ", ") + (missing.count > 3 ? " …" : "")
            throw GGUFError(
                code: .missingPart, path: name.path(of: 0),
                message:
                    "is the first of \(header.count) files of a split model, of which \(missing.count == 1 ? "one is" : "\(missing.count) are") missing: \(shown)",
                mend: "download what is missing into the same folder, under these names")
        }
        return files
    }

    /// Checks that a file is the one of that place in the model.
    private static func check(
        _ file: GGUFFile, at index: Int, of header: SplitHeader, first: GGUFFile
    ) throws(GGUFError) {
        func foreign(_ message: String) -> GGUFError {
            GGUFError(
                code: .foreignPart, path: file.path, message: message,
                mend: "download it again, from where \(first.path) came from")
        }
        guard let own = try SplitHeader(file) else {
            throw foreign("is no part of a split model, though its name says so")
        }
        guard own.count == header.count else {
            throw foreign("is of a model in \(own.count) files, \(first.path) of one in \(header.count)")
        }
        guard own.index == index else {
            throw foreign(
                "holds file \(own.index + 1) of \(own.count) (split.no is \(own.index)), its name says \(index + 1): it is a copy of another file, or has the name of another"
            )
        }
        if let tensors = own.tensorCount, let expected = header.tensorCount, tensors != expected {
            throw foreign("is of a model with \(tensors) tensors, \(first.path) of one with \(expected)")
        }
        let key = "general.architecture"
        if let architecture = file.metadata[key], let expected = first.metadata[key], architecture != expected {
            throw foreign(
                "is of a model of architecture \(architecture.string?.prefix(64) ?? ""), \(first.path) of one of \(expected.string?.prefix(64) ?? "")"
            )
        }
    }

    /// Checks that all tensors are there, each once.
    private static func checkTensors(of files: [GGUFFile], _ header: SplitHeader) throws(GGUFError) {
        var owners: [String: Int] = [:]
        for (index, file) in files.enumerated() {
            for tensor in file.tensors {
                guard let other = owners.updateValue(index, forKey: tensor.name) else { continue }
                throw GGUFError(
                    code: .duplicateTensor, path: file.path,
                    message: "tensor \(tensor.name) is in \(files[other].path) too",
                    mend: "one of these files is of another model, download both again from the same place")
            }
        }
        guard let expected = header.tensorCount, expected != owners.count else { return }
        throw GGUFError(
            code: .foreignPart, path: files[0].path,
            message:
                "is of a model with \(expected) tensors (split.tensors.count), its \(files.count) files hold \(owners.count)",
            mend: "one of these files is damaged or of another model, download all again from the same place")
    }
}
