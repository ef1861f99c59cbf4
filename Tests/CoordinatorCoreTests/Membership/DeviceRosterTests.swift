import CoordinatorCore
import Placement
import Testing
import Transport

struct DeviceRosterTests {
    static func device(_ address: String, name: String? = nil, member: String? = nil) -> DeviceDeclaration {
        DeviceDeclaration(
            name: name ?? address, connection: .tcp(try! Endpoint(parsing: address)), memberID: member)
    }

    static func introduction(_ identity: String?, _ name: String? = nil) -> DeviceRoster.Introduction {
        DeviceRoster.Introduction(identity: identity, name: name)
    }

    let first = device("10.0.0.1:7077")
    let second = device("pi1.local:7077")

    @Test func aDeviceHasItsOwnNameAndIsFoundByItsAddressToo() {
        var roster = DeviceRoster()
        #expect(!roster.hasMet("pi1"))
        #expect(roster.meet(first, Self.introduction("a", "pi1"), others: []) == .used(as: "pi1", note: nil))
        #expect(roster.hasMet("pi1"))
        #expect(roster.name(of: "10.0.0.1:7077") == "pi1")
        #expect(roster.name(of: "pi1") == "pi1")
        #expect(roster.name(of: "else") == "else")
        #expect(roster.device(withIdentity: "a") == "pi1")
    }

    @Test func `A device that was renamed is found by what it was called, until another has that name`() {
        var roster = DeviceRoster()
        _ = roster.meet(first, Self.introduction("a", "pi1"), others: [])
        roster.rename("pi1", to: "attic")
        #expect(roster.name(of: "pi1") == "attic" && roster.name(of: "10.0.0.1:7077") == "attic")
        #expect(roster.device(withIdentity: "a") == "attic" && !roster.hasMet("pi1"))
        roster.take("pi1")
        #expect(roster.name(of: "pi1") == "pi1" && roster.name(of: "10.0.0.1:7077") == "attic")
        roster.rename("attic", to: "pi2")
        roster.rename("pi2", to: "attic")
        #expect(roster.name(of: "attic") == "attic" && roster.name(of: "pi2") == "attic")
    }

    @Test func oneWithoutANameHasItsAddress() {
        var roster = DeviceRoster()
        #expect(roster.meet(first, Self.introduction("a"), others: []) == .used(as: "10.0.0.1:7077", note: nil))
        #expect(roster.hasMet("10.0.0.1:7077"))
    }

    @Test func aNameThatWasGivenHereStays() {
        var roster = DeviceRoster()
        let declared = Self.device("10.0.0.1:7077", name: "kitchen")
        #expect(roster.meet(declared, Self.introduction("a", "pi1"), others: []) == .used(as: "kitchen", note: nil))
    }

    @Test func twoAddressesOfOneAreOneDevice() {
        var roster = DeviceRoster()
        _ = roster.meet(first, Self.introduction("a", "pi1"), others: [])
        let met = Self.device("10.0.0.1:7077", name: "pi1")
        #expect(
            roster.meet(second, Self.introduction("a", "pi1"), others: [met])
                == .repeats("pi1", note: "pi1.local:7077 is the same device as pi1 (10.0.0.1:7077): it is used once"))
        #expect(roster.name(of: "pi1.local:7077") == "pi1")
    }

    @Test func anAddressOfAMemberIsTheMember() {
        var roster = DeviceRoster()
        let member = Self.device("10.0.0.1:7077", name: "pi1", member: "a")
        #expect(
            roster.meet(second, Self.introduction("a", "pi1"), others: [member])
                == .repeats("pi1", note: "pi1.local:7077 is the same device as pi1 (10.0.0.1:7077): it is used once"))
    }

    @Test(arguments: ["pi1", "PI1", "pil"]) func twoOfOneNameAreToldApart(_ name: String) {
        var roster = DeviceRoster()
        _ = roster.meet(first, Self.introduction("a", "pi1"), others: [])
        let met = Self.device("10.0.0.1:7077", name: "pi1")
        #expect(
            roster.meet(second, Self.introduction("b", name), others: [met])
                == .used(
                    as: "\(name)@pi1.local:7077",
                    note:
                        "the devices at 10.0.0.1:7077 and pi1.local:7077 have the name \(name): the second is called \(name)@pi1.local:7077 here"
                ))
        let third = Self.device("10.0.0.3:7077")
        let others = [met, Self.device("pi1.local:7077", name: "\(name)@pi1.local:7077")]
        guard case .used(let longer, .some) = roster.meet(third, Self.introduction("c", "pi1"), others: others) else {
            Issue.record("the third is not told apart")
            return
        }
        #expect(longer == "pi1@10.0.0.3:7077")
    }

    @Test func thoseThatDoNotSayWhoTheyAreAreAllUsed() {
        var roster = DeviceRoster()
        #expect(roster.meet(first, Self.introduction(nil), others: []) == .used(as: "10.0.0.1:7077", note: nil))
        #expect(
            roster.meet(second, Self.introduction(nil), others: [first]) == .used(as: "pi1.local:7077", note: nil))
    }

    @Test(arguments: ["coordinator", "C00rdinator", "-x", "10.0.0.9", "a\u{1b}[2J", "all", ""])
    func noNameIsTakenThatMeansSomethingElse(_ name: String) {
        var roster = DeviceRoster()
        #expect(
            roster.meet(first, Self.introduction("a", name), others: []) == .used(as: "10.0.0.1:7077", note: nil))
    }

    @Test func oneThatStartedAgainIsAnotherProcessOfTheSameName() {
        var roster = DeviceRoster()
        _ = roster.meet(first, Self.introduction("a", "pi1"), others: [])
        #expect(roster.met("pi1", Self.introduction("b", "pi1")) == nil)
        #expect(roster.device(withIdentity: "a") == nil)
        #expect(roster.device(withIdentity: "b") == "pi1")
        // Nobody takes another's place by saying so.
        #expect(roster.met("lap", Self.introduction("b")) == "pi1")
        #expect(roster.device(withIdentity: "b") == "pi1")
    }

    @Test func oneThatIsForgottenMayComeAgain() {
        var roster = DeviceRoster()
        _ = roster.meet(first, Self.introduction("a", "pi1"), others: [])
        roster.forget("pi1")
        #expect(!roster.hasMet("pi1"))
        #expect(roster.name(of: "10.0.0.1:7077") == "10.0.0.1:7077")
        #expect(roster.meet(second, Self.introduction("a", "pi1"), others: []) == .used(as: "pi1", note: nil))
    }

    @Test func wishesThatNameAddressesMeanTheDevices() throws {
        var roster = DeviceRoster()
        _ = roster.meet(first, Self.introduction("a", "pi1"), others: [])
        #expect(try Pin(parsing: "0-3=10.0.0.1:7077").naming(by: roster) == Pin(layers: 0...3, device: "pi1"))
        let wishes = PlanningPreferences(excluded: ["10.0.0.1:7077", "lap"])
        #expect(wishes.naming(by: roster).excluded == ["pi1", "lap"])
    }
}
