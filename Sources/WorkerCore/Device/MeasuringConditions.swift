import Tensors
import Wire

/// What a device was measured as: with other threads, kernels, program or quota it must be measured again.
package struct MeasuringConditions: Sendable, Hashable {
    package var softwareVersion: String
    package var threads: UInt32
    package var instructionSet: String
    /// 0 is no quota.
    package var quotaThousandths: UInt32
    package var quotaPeriodMicroseconds: UInt32

    package init(
        softwareVersion: String, threads: UInt32, instructionSet: String, quotaThousandths: UInt32,
        quotaPeriodMicroseconds: UInt32
    ) {
        self.softwareVersion = softwareVersion
        self.threads = threads
        self.instructionSet = instructionSet
        self.quotaThousandths = quotaThousandths
        self.quotaPeriodMicroseconds = quotaPeriodMicroseconds
    }

    /// Those of this process now.
    package static func current(threads: Int) -> MeasuringConditions {
        let quota = ProcessorCount.quota
        return MeasuringConditions(
            softwareVersion: SoftwareVersion.current, threads: UInt32(clamping: threads),
            instructionSet: Kernels.chosenInstructionSet,
            quotaThousandths: UInt32(clamping: quota?.thousandths ?? 0),
            quotaPeriodMicroseconds: UInt32(clamping: quota?.periodMicroseconds ?? 0))
    }
}
