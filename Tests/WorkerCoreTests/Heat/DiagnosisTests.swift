import Sensors
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// A worker on a machine of faked files.
@Suite("A worker's sensors and diagnosis", .timeLimit(.minutes(2)))
struct DiagnosisTests {
    private let root = FakeRoot([
        "/sys/class/thermal/thermal_zone0/type": "cpu-thermal", "/sys/class/thermal/thermal_zone0/temp": "81000",
        "/proc/swaps": "Filename\tType\tSize\tUsed\tPriority\n/dev/mmcblk0p3\tpartition\t102400\t0\t-2\n",
        "/sys/class/hwmon/hwmon0/name": "ina219", "/sys/class/hwmon/hwmon0/power1_input": "6400000",
    ])

    private var machine: Machine { Machine(files: SystemFiles(root: root.path)) }

    private func worker(threads: Int = 3, heat: HeatGovernor.Limits = .init(), looks: Bool = true) throws -> Worker {
        var configuration = WorkerConfiguration(name: "pi", threads: threads)
        configuration.machine = looks ? machine : nil
        configuration.heat = heat
        return Worker(
            configuration: configuration, shards: try ShardStore(dataFolder: try TemporaryFolder().path),
            transport: LocalWorker.makeTransport(), logger: LocalWorker.logger)
    }

    private func report(
        _ worker: Worker, role: LinkRole = .inspector, diagnose: Bool = true
    ) async throws -> DeviceReport {
        let probe = WorkerProbe()
        let link = worker.connectInProcess(
            Hello(role: role, session: role == .caches ? 7 : 0, name: "probe", softwareVersion: "test"), handler: probe)
        defer { link.close() }
        let reply = await probe.ask(.describeDevice(DescribeDevice(diagnose: diagnose)), on: link)
        guard case .deviceReport(let report)? = reply else {
            Issue.record("no report: \(String(describing: reply))")
            throw CancellationError()
        }
        return report
    }

    @Test func `who asks is told what is wrong`() async throws {
        let report = try await report(try worker())
        let findings = try #require(report.diagnosis)
        #expect(findings.map(\.check).contains("swap") && findings.map(\.check).contains("temperature"))
        #expect(findings.allSatisfy { !$0.what.isEmpty && !$0.mend.isEmpty })
        #expect(report.clockSeconds > 1_700_000_000)
    }

    @Test func `who does not ask, or may not, is not`() async throws {
        #expect(try await report(try worker(), diagnose: false).diagnosis == nil)
        #expect(try await report(try worker(), role: .caches).diagnosis == nil)
        #expect(try await report(try worker(looks: false)).diagnosis == nil)
    }

    @Test func `sensors are in every report`() async throws {
        let worker = try worker()
        let sensing = try #require(worker.sensing)
        sensing.look(at: .seconds(1_000_000), minute: 0)
        sensing.look(at: .seconds(1_000_002), minute: 0)
        let sensors = try #require(try await report(worker, diagnose: false).sensors)
        #expect(sensors.celsius.map { ($0 * 10).rounded() / 10 } == 81)
        #expect(sensors.watts == 6.4 && sensors.powerSource == "ina219" && sensors.activeThreads == 3)
        #expect(try await report(try self.worker(looks: false)).sensors == nil)
    }

    @Test func `heat takes threads from the pool, and gives them back`() throws {
        let worker = try worker(heat: HeatGovernor.Limits(maxCelsius: 75))
        let sensing = try #require(worker.sensing)
        for second in stride(from: 0, through: 60, by: 2) { sensing.look(at: .seconds(1_000_000 + second), minute: 0) }
        #expect(sensing.sensors.activeThreads == 1)
        root.write("50000", to: "/sys/class/thermal/thermal_zone0/temp")
        for second in stride(from: 62, through: 200, by: 2) {
            sensing.look(at: .seconds(1_000_000 + second), minute: 0)
        }
        #expect(sensing.sensors.activeThreads == 3)
    }

    @Test func `at night there are fewer`() throws {
        let worker = try worker(heat: HeatGovernor.Limits(quietHours: QuietHours(parsing: "22:00-07:00=2")))
        let sensing = try #require(worker.sensing)
        sensing.look(at: .seconds(1_000_000), minute: 23 * 60)
        #expect(sensing.sensors.activeThreads == 2)
        sensing.look(at: .seconds(1_000_002), minute: 12 * 60)
        #expect(sensing.sensors.activeThreads == 3)
    }
}
