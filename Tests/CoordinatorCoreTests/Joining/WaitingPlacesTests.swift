import CoordinatorCore
import Testing

/// Who may wait to be let in by a code when many ask.
@Suite struct WaitingPlacesTests {
    private func ask(_ places: inout WaitingPlaces, _ host: String, now: Int64 = 1_000) -> WaitingPlaces.Admission {
        places.ask(name: "pi", host: host, port: 7077, now: now, choose: { $0 - 1 })
    }

    private func waits(_ admission: WaitingPlaces.Admission) -> WaitingPlaces.Device? {
        if case .waits(let device, _) = admission { device } else { nil }
    }

    @Test func `Devices have places of their own, and are told of by how long they wait`() {
        var places = WaitingPlaces()
        for index in 0..<16 {
            let device = waits(ask(&places, "10.0.0.\(index)", now: 1_000 - Int64(index)))
            #expect(device?.place == 31 - index)
        }
        #expect(places.inOrder.map(\.host) == (0..<16).reversed().map { "10.0.0.\($0)" })
        places.leave(31)
        #expect(places.devices.count == 15)
        #expect(waits(ask(&places, "10.0.0.99"))?.place == 31)
    }

    @Test func `One address has four places`() {
        var places = WaitingPlaces()
        let admitted = (0..<10).filter { _ in waits(ask(&places, "10.0.0.1")) != nil }
        #expect(admitted.count == 4 && places.devices.count == 4)
        // Where one is free again it may have that.
        places.leave(places.inOrder[0].place)
        #expect(waits(ask(&places, "10.0.0.1")) != nil)
    }

    @Test(arguments: ["2001:db8:1:2::", "fe80::", "2001:db8::5:6:7:"])
    func `All addresses of a network of IPv6 are one`(network: String) {
        var places = WaitingPlaces()
        let admitted = (1...10).filter { waits(ask(&places, "\(network)\($0)")) != nil }
        #expect(admitted.count == 4 && places.devices.count == 4)
        #expect(waits(ask(&places, "2001:db8:9:2::1")) != nil)
    }

    @Test func `A stranger with many addresses that asks again and again keeps no device out`() {
        var places = WaitingPlaces()
        // It has all places, for the second time.
        for round in 0..<2 {
            for device in places.inOrder { places.leave(device.place) }
            for index in 0..<16 {
                #expect(waits(ask(&places, "10.0.1.\(index % 4)", now: 1_000 + Int64(round))) != nil)
            }
        }
        guard case .waits(let device, let instead?) = ask(&places, "10.0.0.7", now: 1_002) else {
            Issue.record("a device is kept out")
            return
        }
        #expect(instead.host.hasPrefix("10.0.1.") && device.place != instead.place)
        // The stranger does not get the place back while that device waits.
        for index in 0..<64 { _ = ask(&places, "10.0.1.\(index % 4)", now: 1_003) }
        #expect(places.inOrder.contains(device) && places.devices.count <= 16)
    }

    @Test func `What was long ago counts no more`() {
        var places = WaitingPlaces(.init(places: 1, placesOfAddress: 1))
        #expect(waits(ask(&places, "10.0.0.1", now: 0)) != nil)
        #expect(ask(&places, "10.0.0.2", now: 599) != .refused)
        places = WaitingPlaces(.init(places: 1, placesOfAddress: 1))
        for now in 0..<3 as Range<Int64> {
            for device in places.inOrder { places.leave(device.place) }
            #expect(waits(ask(&places, "10.0.0.1", now: now)) != nil)
        }
        // Long after it has waited once only, as the other has.
        places.leave(places.inOrder[0].place)
        #expect(waits(ask(&places, "10.0.0.1", now: 10_000)) != nil)
        guard case .waits(_, let instead) = ask(&places, "10.0.0.2", now: 10_000) else {
            Issue.record("refused")
            return
        }
        #expect(instead?.host == "10.0.0.1")
        #expect(ask(&places, "10.0.0.1", now: 10_000) == .refused)
    }
}
