import Sensors
import TestSupport
import Testing

@Suite("Small files of the system")
struct SystemFilesTests {
    @Test func `a text comes without the line feed at its end`() {
        let root = FakeRoot(["/sys/a": "schedutil\n", "/sys/empty": "\n"])
        let files = SystemFiles(root: root.path)
        #expect(files.text("/sys/a") == "schedutil")
        #expect(files.text("/sys/empty")?.isEmpty == true)
        #expect(files.text("/sys/b") == nil)
    }

    @Test func `a number is whole, alone and within its range`() {
        let root = FakeRoot(["/n": "42\n", "/minus": "-7", "/words": "42 43", "/float": "4.2", "/letters": "4two"])
        let files = SystemFiles(root: root.path)
        #expect(files.number("/n", in: 0...100) == 42)
        #expect(files.number("/minus", in: -10...10) == -7)
        for path in ["/words", "/float", "/letters", "/absent"] {
            #expect(files.number(path, in: -100...100) == nil, "\(path)")
        }
        #expect(files.number("/n", in: 43...100) == nil)
    }

    @Test func `what is too long or no text is nothing`() {
        let root = FakeRoot()
        root.write([UInt8](repeating: 0x41, count: SystemFiles.mostBytes), to: "/fits")
        root.write([UInt8](repeating: 0x41, count: SystemFiles.mostBytes + 1), to: "/long")
        root.write([0xff, 0xfe], to: "/bytes")
        let files = SystemFiles(root: root.path)
        #expect(files.text("/fits")?.utf8.count == SystemFiles.mostBytes)
        #expect(files.text("/long") == nil)
        #expect(files.text("/bytes") == nil)
        #expect(files.text("/") == nil)
        #expect(files.bytes("/long", most: 3) == [0x41, 0x41, 0x41])
    }

    @Test func `names come as people count`() {
        let root = FakeRoot(["/cpu/cpu10": "", "/cpu/cpu2": "", "/cpu/cpu1": ""])
        let files = SystemFiles(root: root.path)
        #expect(files.names(in: "/cpu") == ["cpu1", "cpu2", "cpu10"])
        #expect(files.names(in: "/none") == [])
    }

    @Test func `a link says where it leads`() {
        let root = FakeRoot()
        root.link("/sys/dev/block/179:2", to: "../../devices/mmcblk0/mmcblk0p2")
        let files = SystemFiles(root: root.path)
        #expect(files.link("/sys/dev/block/179:2") == "../../devices/mmcblk0/mmcblk0p2")
        #expect(files.link("/sys/dev/block/8:0") == nil)
    }
}
