import Discovery
import Identity
import Testing

struct ServiceRecordTests {
    static let mark = ClusterMark(fingerprint: Array(0..<32))

    static let records = [
        ServiceRecord(name: try! DeviceName("pi1"), protocolVersion: 1, standing: .member(mark)),
        ServiceRecord(name: try! DeviceName("a.b-c_9"), protocolVersion: .max, standing: .waiting),
        ServiceRecord(name: try! DeviceName("lap"), protocolVersion: 7, standing: .insecure),
    ]

    @Test(arguments: records) func survivesItsText(_ record: ServiceRecord) throws {
        #expect(try ServiceRecord(strings: record.strings) == record)
    }

    @Test func isWrittenAsTheDocumentSays() {
        let text = Self.records[0].strings.map { String(decoding: $0, as: UTF8.self) }
        #expect(text == ["txtvers=1", "proto=1", "name=pi1", "state=member", "cluster=0001020304050607"])
    }

    @Test func passesOverWhatItDoesNotKnow() throws {
        let more: [[UInt8]] = [[], Array("=x".utf8), Array("flag".utf8), [0xff, 0x3d], Array("note=a b".utf8)]
        #expect(try ServiceRecord(strings: more + Self.records[2].strings) == Self.records[2])
        #expect(try ServiceRecord(strings: Self.records[2].strings + more) == Self.records[2])
    }

    @Test func theFirstOfAKeyCountsAndItsCaseDoesNot() throws {
        let strings = ["TxtVers=1", "proto=1", "NAME=pi1", "name=other", "state=waiting", "state=insecure"]
        let record = try ServiceRecord(strings: strings.map { Array($0.utf8) })
        #expect(record == ServiceRecord(name: try DeviceName("pi1"), protocolVersion: 1, standing: .waiting))
    }

    @Test(arguments: [
        ["proto=1", "name=pi1", "state=waiting"], ["txtvers=2", "proto=1", "name=pi1", "state=waiting"],
        ["txtvers=1", "name=pi1", "state=waiting"], ["txtvers=1", "proto=0", "name=pi1", "state=waiting"],
        ["txtvers=1", "proto=4294967296", "name=pi1", "state=waiting"],
        ["txtvers=1", "proto=+1", "name=pi1", "state=waiting"], ["txtvers=1", "proto=1", "state=waiting"],
        ["txtvers=1", "proto=1", "name=", "state=waiting"], ["txtvers=1", "proto=1", "name=-x", "state=waiting"],
        ["txtvers=1", "proto=1", "name=pi\u{1b}[2J", "state=waiting"],
        ["txtvers=1", "proto=1", "name=p\u{456}", "state=waiting"],
        ["txtvers=1", "proto=1", "name=Coordinator", "state=waiting"],
        ["txtvers=1", "proto=1", "name=10.0.0.1", "state=waiting"], ["txtvers=1", "proto=1", "name=pi1"],
        ["txtvers=1", "proto=1", "name=pi1", "state=else"], ["txtvers=1", "proto=1", "name=pi1", "state=member"],
        ["txtvers=1", "proto=1", "name=pi1", "state=member", "cluster=00010203040506"],
        ["txtvers=1", "proto=1", "name=pi1", "state=member", "cluster=000102030405060G"],
        ["txtvers=1", "proto=1", "name=pi1", "state=member", "cluster=000102030405060A"],
    ])
    func refusesWhatIsNone(_ strings: [String]) {
        #expect(throws: ServiceRecordError.self) { try ServiceRecord(strings: strings.map { Array($0.utf8) }) }
    }

    @Test func refusesTooMuch() {
        let many = [[UInt8]](repeating: Array("x=y".utf8), count: 33)
        #expect(throws: ServiceRecordError.self) { try ServiceRecord(strings: Self.records[1].strings + many) }
        let long = [Array("x=".utf8) + [UInt8](repeating: 0x61, count: 254)]
        #expect(throws: ServiceRecordError.self) { try ServiceRecord(strings: Self.records[1].strings + long) }
    }
}
