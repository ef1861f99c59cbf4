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

    @Test func `It is valid from its start through its end, and a day before it was made`() {
        let life = CertificateLife(from: 100_000, seconds: 50)
        #expect(life.start == 100_000 - 86_400 && life.end == 100_050)
        #expect([13_599, 13_600, 100_050, 100_051].map(life.contains) == [false, true, true, false])
    }
}
