import Placement
import Testing

/// What quotas of processor time make of short and long work.
struct DutyCycleTests {
    @Test func `without a quota work takes as long as it takes`() {
        for duty in [
            DutyCycle.always, DutyCycle(share: 1, period: 0.1), DutyCycle(share: 0, period: 0.1),
            DutyCycle(share: 4, period: 0.1),
        ] {
            #expect(duty == .always && duty.rested(0.25) == 0.25)
        }
    }

    @Test func `what a period's share is enough for takes no pause, and longer work one pause less than over long`() {
        // 25 ms of every 100: 20 ms of work at full speed are 80 over long; 40 are 160, and take 25 + 75 + 15.
        let duty = DutyCycle(share: 0.25, period: 0.1, overrun: 0)
        #expect(abs(duty.rested(0.080) - 0.020) < 1e-12)
        #expect(abs(duty.rested(0.100) - 0.025) < 1e-12)
        #expect(abs(duty.rested(0.160) - 0.085) < 1e-12)
        // 2 ms more before the first pause.
        let overrunning = DutyCycle(share: 0.25, period: 0.1, overrun: 0.002)
        #expect(abs(overrunning.rested(0.108) - 0.027) < 1e-12)
        #expect(abs(overrunning.rested(0.160) - 0.079) < 1e-12)
    }

    @Test(arguments: [0.1, 0.25, 0.5, 0.9]) func `the mean over all beginnings within a period is met`(share: Double) {
        let period = 1000
        let quota = Int(Double(period) * share)
        let duty = DutyCycle(share: share, period: Double(period), overrun: 0)
        for work in [quota / 2, quota, quota * 3 / 2, quota * 21 / 2] {
            var sum = 0
            for begin in 0..<period {
                var (now, left, budget) = (begin, work, quota)
                while left > 0 {
                    if now > begin, now % period == 0 { budget = quota }
                    if budget > 0 { (left, budget) = (left - 1, budget - 1) }
                    now += 1
                }
                sum += now - begin
            }
            let mean = Double(sum) / Double(period)
            let expected = duty.rested(Double(work) / share)
            #expect(abs(mean - expected) <= 0.01 * duty.sparedSeconds + 1, "\(work) of \(quota): \(mean), \(expected)")
        }
    }
}
