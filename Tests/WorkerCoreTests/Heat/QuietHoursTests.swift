import Testing
import WorkerCore

@Suite("Quiet hours")
struct QuietHoursTests {
    @Test func `a night goes over midnight`() throws {
        let night = try #require(QuietHours(parsing: "22:00-07:00"))
        #expect(night.threads == 1)
        #expect(night.contains(minute: 22 * 60) && night.contains(minute: 0) && night.contains(minute: 7 * 60 - 1))
        #expect(
            !night.contains(minute: 7 * 60) && !night.contains(minute: 12 * 60) && !night.contains(minute: 22 * 60 - 1))
    }

    @Test func `an afternoon does not`() throws {
        let noon = try #require(QuietHours(parsing: "12:30-14:05=3"))
        #expect(noon.threads == 3)
        #expect(!noon.contains(minute: 12 * 60 + 29) && noon.contains(minute: 12 * 60 + 30))
        #expect(noon.contains(minute: 14 * 60 + 4) && !noon.contains(minute: 14 * 60 + 5))
        let evening = try #require(QuietHours(parsing: "8:00-24:00"))
        #expect(evening.contains(minute: 24 * 60 - 1) && !evening.contains(minute: 0))
    }

    @Test(arguments: [
        "", "22:00", "22:00-", "22:00-22:00", "22-07", "25:00-07:00", "22:60-07:00", "24:01-07:00", "22:00-07:00=",
        "22:00-07:00=0", "22:00-07:00=-1", "22:00-07:00=1=2", "22:00-07:00-08:00", "22:0-07:00", "٢٢:00-07:00",
        "+2:00-07:00",
    ])
    func `what is none is refused`(text: String) { #expect(QuietHours(parsing: text) == nil) }
}
