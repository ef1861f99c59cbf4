import Testing

import Placement

@Suite("Pins")
struct PinTests {
    @Test(arguments: [
        ("0-9=pi1", Pin(layers: 0...9, device: "pi1")), (" 7 = pi-2 ", Pin(layers: 7...7, device: "pi-2")),
        ("embedding=pi1", Pin(.embedding, device: "pi1")), ("head=a b", Pin(.head, device: "a b")),
    ])
    func `are read and written`(text: String, pin: Pin) throws {
        #expect(try Pin(parsing: text) == pin)
        #expect(try Pin(parsing: pin.description) == pin)
    }

    @Test(arguments: [
        "", "=", "0-9", "0-9=", "=pi1", "9-0=pi1", "-1=pi1", "0-=pi1", "-=pi1", "0-1-2=pi1", "x=pi1", "0=a=b", "+1=pi1",
        "99999999999999999999=pi1", "0x1=pi1", "1.5=pi1",
    ])
    func `that cannot be read are refused with the form to write`(text: String) {
        #expect(throws: PlacementError.malformedPin(text)) { try Pin(parsing: text) }
        #expect(PlacementError.malformedPin(text).description.contains("0-9=pi1"))
    }
}
