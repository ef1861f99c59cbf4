import API
import CoordinatorCore
import Foundation
import TestSupport
import Testing

/// What happened to the cluster, over the API.
@Suite(.timeLimit(.minutes(10)))
struct EventsRouteTests {
    @Test func `events are told after a number, with the number of the latest`() async throws {
        let api = try await TestAPI()
        for name in ["a", "b", "c"] { api.history.note(HistoryEvent(.joined, device: name)) }
        let all = try await api.get("/api/events").json(EventsBody.self)
        #expect(all.events.map(\.device) == ["a", "b", "c"])
        #expect(all.last == 3 && all.events.map(\.number) == [1, 2, 3])
        let rest = try await api.get("/api/events?after=2").json(EventsBody.self)
        #expect(rest.events.map(\.device) == ["c"] && rest.last == 3)
        #expect(try await api.get("/api/events?after=99").json(EventsBody.self).events == [])
        for wrong in ["-1", "x", "", "99999999999999999999999"] {
            #expect(try await api.get("/api/events?after=\(wrong)").status == 400, "\(wrong)")
        }
        await api.cluster.stop()
    }

    @Test func `who follows is told all, and that it is over`() async throws {
        let api = try await TestAPI()
        let history = api.history
        for name in ["a", "b"] { history.note(HistoryEvent(.joined, device: name)) }
        let ending = Task {
            history.note(HistoryEvent(.removed, device: "a"))
            history.end()
        }
        let followed = try await api.get("/api/events?follow=true&after=1")
        await ending.value
        #expect(followed.status == 200)
        let events = followed.events.filter { !$0.isEmpty }
        #expect(events.last == "[DONE]")
        let told = try events.dropLast().map { try JSONDecoder().decode(HistoryEvent.self, from: Data($0.utf8)) }
        #expect(told.map(\.event) == [.joined, .removed])
        await api.cluster.stop()
    }
}
