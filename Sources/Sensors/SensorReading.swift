/// What the sensors of a device say at a moment. What none tells is `nil`.
package struct SensorReading: Sendable, Hashable {
    /// The processor's temperature, degrees Celsius.
    package var celsius: Double?
    /// The processors' mean frequency, and what it could be.
    package var megahertz: Int?
    package var highestMegahertz: Int?
    package var throttling: Throttling?
    /// How often x86 processors were throttled since the start.
    package var throttleCount: Int?
    package var power: PowerSample?

    package init(
        celsius: Double? = nil, megahertz: Int? = nil, highestMegahertz: Int? = nil, throttling: Throttling? = nil,
        throttleCount: Int? = nil, power: PowerSample? = nil
    ) {
        self.celsius = celsius
        self.megahertz = megahertz
        self.highestMegahertz = highestMegahertz
        self.throttling = throttling
        self.throttleCount = throttleCount
        self.power = power
    }
}

extension Machine {
    /// Reads all sensors; it takes a millisecond or less, since no program is run.
    ///
    /// - Parameter power: where power is read, as `powerSource` found it.
    package func sensors(power source: PowerSource?) -> SensorReading {
        let frequencies = frequencies
        return SensorReading(
            celsius: temperature?.celsius, megahertz: frequencies.meanMegahertz,
            highestMegahertz: frequencies.meanHighestMegahertz, throttling: throttling(runsPrograms: false),
            throttleCount: throttleCount, power: source.flatMap { sample($0) })
    }
}
