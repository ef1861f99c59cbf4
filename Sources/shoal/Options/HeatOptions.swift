import ArgumentParser
import Sensors
import WorkerCore

/// How hot a device may get, and when it is to be quiet.
struct HeatOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The processor's temperature above which fewer threads compute, and then layers move to other devices.",
            valueName: "CELSIUS"))
    var maxTemperature: Double?

    @Option(
        help: ArgumentHelp(
            "Hours of local time in which one thread computes, or THREADS: 22:00-07:00 or 22:00-07:00=2.",
            valueName: "FROM-TO[=THREADS]"))
    var quietHours: QuietHours?

    func validate() throws {
        if let maxTemperature, !(30...110).contains(maxTemperature) {
            throw ValidationError("--max-temperature takes 30 to 110 degrees Celsius, not \(maxTemperature)")
        }
    }

    var limits: HeatGovernor.Limits { HeatGovernor.Limits(maxCelsius: maxTemperature, quietHours: quietHours) }

    /// Says so where no sensor tells the temperature that is to be kept.
    func warn(of machine: Machine) {
        guard maxTemperature != nil, machine.temperature == nil else { return }
        Console.error(
            "warning: --max-temperature: this machine tells no temperature (/sys/class/thermal, /sys/class/hwmon), so that it keeps none"
        )
    }
}

extension QuietHours: ExpressibleByArgument {
    public init?(argument: String) { self.init(parsing: argument) }
}
