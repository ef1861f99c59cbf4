import Identity
import Testing

@Suite struct CertificateLifeTests {
    @Test func `A certificate is renewed when a third of its life is left`() {
        let life = CertificateLife(start: 1_000, end: 4_000)
        #expect(!life.isRenewalDue(at: 1_000))
        #expect(!life.isRenewalDue(at: 2_999))
        #expect(life.isRenewalDue(at: 3_000))
        #expect(life.isRenewalDue(at: 4_000))
        #expect(life.isRenewalDue(at: 9_000))
    }

    @Test func `One that is renewed in time has 30 days left at least`() {
        let life = CertificateLife(from: 0, seconds: CertificateLife.memberSeconds)
        #expect(life.isRenewalDue(at: life.end - 30 * 86_400) && !life.isRenewalDue(at: life.end - 31 * 86_400))
    }

    @Test func `A coordinator is judged by when a device's token may have been made, whatever the device's clock says`()
    {
        let token = JoinToken(
            fingerprint: [UInt8](repeating: 1, count: 32), expiresAt: 100 * 86_400, addresses: ["a:1"])
        for (now, times) in [
            (75, 70 * 86_400...100 * 86_400), (100 * 86_400, 70 * 86_400...100 * 86_400),
            (200 * 86_400, 70 * 86_400...200 * 86_400),
        ] as [(Int64, ClosedRange<Int64>)] {
            #expect(token.judgedTimes(at: now) == times)
        }
    }

    @Test func `It is valid from its start through its end, and a day before it was made`() {
        let life = CertificateLife(from: 100_000, seconds: 50)
        #expect(life.start == 100_000 - 86_400 && life.end == 100_050)
        #expect([13_599, 13_600, 100_050, 100_051].map(life.contains) == [false, true, true, false])
    }
}
