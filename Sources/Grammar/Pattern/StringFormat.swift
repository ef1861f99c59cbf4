/// The formats of strings that are kept, each as a pattern.
enum StringFormat {
    /// Formats of the standard that are not kept: a schema that asks for one is refused. Those that the standard does not know say nothing.
    static let unsupported: Set<String> = [
        "duration", "idn-email", "hostname", "idn-hostname", "ipv6", "uri-reference", "iri", "iri-reference",
        "uri-template",
        "json-pointer", "relative-json-pointer", "regex",
    ]

    static func pattern(_ name: String) -> String? { patterns[name] }

    private static let patterns: [String: String] = [
        "date": "^(\(date))$",
        "time": "^\(time)$",
        "date-time": "^(\(date))T\(time)$",
        "uuid": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
        "email": "^[a-zA-Z0-9_+-]{1,32}(\\.[a-zA-Z0-9_+-]{1,32}){0,3}@(\(label)\\.){1,4}[a-zA-Z]{2,12}$",
        "ipv4": "^(\(byte))(\\.(\(byte))){3}$",
        "uri":
            "^(https?|ftp)://(\(label)\\.){0,4}\(label)(:[1-9][0-9]{0,3})?(/(\(uriCharacter)){0,64}){0,16}(\\?(\(uriCharacter)){0,128})?(#(\(uriCharacter)){0,64})?$",
    ]

    private static let label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?"
    private static let uriCharacter = "[a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2}"
    private static let byte = "25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]"
    private static let year = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
    /// Years with a 29th of February.
    private static let leapYear = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
    private static let date =
        "\(year)-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|\(leapYear)-02-29"
    private static let time =
        "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
}
