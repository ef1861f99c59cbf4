import Sensors
import TestSupport

/// A machine whose files are those of a fake root.
func machine(_ root: FakeRoot, programs: [String: String] = [:]) -> Machine {
    Machine(files: SystemFiles(root: root.path), run: { program, _ in programs[program] })
}
