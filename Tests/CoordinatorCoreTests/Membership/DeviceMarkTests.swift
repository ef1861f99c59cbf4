import CoordinatorCore
import Testing

@Suite struct DeviceMarkTests {
    private func kinds(_ change: (inout DeviceMark.Situation) -> Void) -> [DeviceMark.Kind] {
        var situation = DeviceMark.Situation()
        change(&situation)
        return DeviceMark.marks(of: "pi1", situation).map(\.kind)
    }

    @Test func `A device of which nothing is to be said has no marks`() {
        #expect(kinds { _ in } == [])
    }

    @Test func `Marks name what is so, and not what follows from it`() {
        #expect(kinds { $0.unused = "the others suffice" } == [.unused])
        #expect(
            kinds {
                $0.unused = "it is excluded"
                $0.isDrained = true
            } == [.drained])
        #expect(
            kinds {
                $0.unused = "it is excluded"
                $0.leftOut = "lost; it gets no layers for 5 s"
                $0.slowed = (2, .seconds(10))
            } == [.leftOut, .slow])
    }

    @Test func `Reasons are for people`() {
        var situation = DeviceMark.Situation()
        situation.isDrained = true
        situation.slowed = (2.04, .seconds(9.5))
        #expect(
            DeviceMark.marks(of: "pi1", situation).map(\.reason) == [
                "drained by hand; `shoal drain pi1 --undo` lets it hold layers again",
                "became slow: it is reckoned with as 2.0 times as slow for 10 s",
            ])
    }
}
