import Foundation
import Identity
import Transport

/// By what a device joins.
enum JoinWay {
    case token(JoinToken)
    /// By a code that the device shows, which is typed at the coordinator there.
    case code(Endpoint)

    /// What an argument says: a token where it begins as one does, `-` for one from standard input, else where the coordinator is. None is
    /// a token of SHOAL_JOIN or standard input.
    ///
    /// - Throws: `IdentityError` for a text that is no token; `TransportError` for one that is no address either.
    init(_ argument: String?) throws {
        if let argument, argument != "-", !JoinToken.isMeant(by: argument) {
            let endpoint: Endpoint
            do {
                endpoint = try Endpoint(parsing: argument, defaultPort: Endpoint.joinPort)
            } catch {
                throw CommandError(
                    "\(error.message) of the coordinator; or give a whole token, which begins with shoal1.")
            }
            self = .code(endpoint)
        } else {
            self = .token(try JoinTokenInput.whole(argument))
        }
    }
}

/// Where a join token comes from.
enum JoinTokenInput {
    /// The token of `--join`, of standard input where that is `-`, or of SHOAL_JOIN; `nil` where there is none of them.
    ///
    /// - Throws: `IdentityError` for a text that is no token.
    static func token(_ argument: String?) throws(IdentityError) -> JoinToken? {
        let text: String
        switch argument {
        case "-"?:
            guard let line = readLine() else {
                throw IdentityError(
                    .missing, "no join token came from standard input: shoal worker --join - <token.txt")
            }
            text = line
        case let argument?:
            hideArgument(argument)
            text = argument
        case nil:
            text = ProcessInfo.processInfo.environment["SHOAL_JOIN"] ?? ""
            if text.isEmpty { return nil }
        }
        return try JoinToken(parsing: text)
    }

    /// The token of an argument, of SHOAL_JOIN, or else of standard input, which is where it is with `-` too.
    ///
    /// - Throws: `IdentityError` for a text that is no token.
    static func whole(_ argument: String?) throws(IdentityError) -> JoinToken {
        if argument != "-", let token = try token(argument) { return token }
        if isatty(STDIN_FILENO) == 1 { Console.errorUnescaped("Token, as `shoal token` printed it: ") }
        guard let line = readLine() else {
            throw IdentityError(.missing, "no join token came from standard input: shoal join <token.txt")
        }
        return try JoinToken(parsing: line)
    }

    /// Overwrites the token where lists of processes show it; what they showed before cannot be helped.
    private static func hideArgument(_ argument: String) {
        for index in 1..<Int(CommandLine.argc) {
            guard let pointer = CommandLine.unsafeArgv[index] else { continue }
            let text = String(cString: pointer)
            guard text == argument || text == "--join=\(argument)" else { continue }
            memset(pointer, CInt(UInt8(ascii: "*")), strlen(pointer))
        }
    }
}
