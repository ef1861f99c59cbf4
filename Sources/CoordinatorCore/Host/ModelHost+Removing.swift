import Formats
import Placement
import Wire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension ModelHost {
    /// How often and how long a device is asked again that still has a model in use: what was unloaded just now is freed in a moment.
    private static let attempts = 20
    private static let pause = Duration.milliseconds(150)

    /// Where models' files are that may be removed with them; `nil` is nowhere.
    package var modelsFolder: String? { dataFolder.map { $0 + "/models" } }

    /// Removes what devices and this machine have of a model: shards, packed copies, and its file where that is in `modelsFolder`.
    ///
    /// - Throws: `CoordinatorError`: invalidRequest where no model is meant, busy for one that is served or while another change is made.
    package func remove(_ wish: ModelRemoval.Wish) async throws(CoordinatorError) -> ModelRemoval {
        try begin()
        defer { endChange() }
        let model = try known(wish.model)
        if model.readiness != nil, !wish.unloads {
            throw CoordinatorError(
                .busy, "\(model.id) is being served: take it away first with shoal unload, or give --unload")
        }
        let remembered = (dataFolder.map { ShardIDCache.all(in: $0) } ?? []).first {
            $0.path == model.path || model.readiness != nil && $0.path.hasSuffix("/\(model.path)")
        }
        let paths = remembered?.paths ?? [model.path]
        if wish.isDry {
            return ModelRemoval(
                id: model.id, path: paths[0], devices: await held(of: model), packedBytes: 0,
                file: Self.file(paths, keeps: wish.keepsFile, folder: modelsFolder, isDry: true))
        }
        if model.readiness != nil, let present {
            await retire(reason: "\(model.id) was removed")
            await present.forget()
            history.note(HistoryEvent(.unloaded, model: model.id))
        }
        // What the model that is served has in common with it stays.
        let served = Set(present?.shards.known.values.map { $0 } ?? [])
        let devices = await forgotten(model.ids.filter { !served.contains($0) })
        // Before the file: packed copies are found by its path.
        let packedBytes = removePacked(paths[0])
        let file = Self.file(paths, keeps: wish.keepsFile, folder: modelsFolder, isDry: false)
        // A device that could not be asked is asked when it is removed again.
        if let remembered, devices.allSatisfy({ $0.reason == nil }) { ShardIDCache.forget(remembered) }
        var event = HistoryEvent(.forgotten, model: model.id)
        event.freedBytes = devices.reduce(packedBytes) { $0.saturatingAdd($1.bytes) }
        history.note(event)
        return ModelRemoval(
            id: model.id, path: paths[0], devices: devices, packedBytes: packedBytes, file: file)
    }

    /// The model that is meant by an id or a path.
    private func known(_ name: String) throws(CoordinatorError) -> KnownModel {
        let all = KnownModel.all(present: present, dataFolder: dataFolder)
        let byPath = all.filter { $0.path == name }
        let found = byPath.isEmpty ? all.filter { $0.id == ServedModel.id(path: name) } : byPath
        if found.count > 1 {
            throw CoordinatorError(
                .invalidRequest,
                "several models are named \(name): give the path of one of \(found.map(\.path).joined(separator: ", "))"
            )
        }
        guard let model = found.first else {
            let names = Set(all.map(\.id)).sorted()
            throw CoordinatorError(
                .invalidRequest,
                "no model named \(name) was placed from here\(names.isEmpty ? "" : "; these were: \(names.joined(separator: ", "))")"
            )
        }
        return model
    }

    /// What devices have of a model, where they have or may have any.
    private func held(of model: KnownModel) async -> [ModelRemoval.Device] {
        let all = await models().first { $0.path == model.path }?.devices ?? []
        return all.filter { $0.bytes > 0 || !$0.connected }.map {
            ModelRemoval.Device(
                name: $0.name, bytes: $0.bytes, reason: $0.connected ? nil : Self.notConnected)
        }
    }

    private static let notConnected = "it is not connected: remove the model again when it is"

    /// Has all devices remove shards.
    private func forgotten(_ ids: [ShardID]) async -> [ModelRemoval.Device] {
        guard !ids.isEmpty else { return [] }
        let answers = await ask {
            inspection -> (introduction: DeviceRoster.Introduction?, device: ModelRemoval.Device)? in
            guard !inspection.device.isInProcess, let introduced = try? await inspection.introduced().get() else {
                return nil
            }
            return (introduced.introduction, await Self.forget(ids, inspection))
        }
        return Self.named(answers) { $0.introduction }.filter { !$0.device.isInProcess }.map { device, answer in
            var told =
                answer?.device ?? ModelRemoval.Device(name: device.name, bytes: 0, reason: Self.notConnected)
            told.name = device.name
            return told
        }
    }

    private static func forget(_ ids: [ShardID], _ inspection: DeviceInspection) async -> ModelRemoval.Device {
        var device = ModelRemoval.Device(name: inspection.device.name, bytes: 0, reason: notConnected)
        for attempt in 1...attempts {
            guard let answer = await inspection.forget(ids) else { return device }
            device.bytes = device.bytes.saturatingAdd(answer.freedBytes)
            device.reason = nil
            guard answer.kept > 0 else { return device }
            let version = answer.report.softwareVersion
            guard version == SoftwareVersion.current else {
                device.reason = "its version, \(version), keeps layers until it needs the room: upgrade it"
                return device
            }
            device.reason = "\(answer.kept) shards are in use there, by another coordinator or to be passed on"
            if attempt < attempts { try? await Task.sleep(for: pause) }
        }
        return device
    }

    /// Removes a model's files, or tells whether they would be.
    private static func file(_ paths: [String], keeps: Bool, folder: String?, isDry: Bool) -> ModelRemoval.File {
        if keeps { return .kept("as it was asked for") }
        guard let folder, let root = resolved(folder) else { return .kept("it is not in the models' folder") }
        var files: [(path: String, bytes: Int)] = []
        for path in paths {
            guard let real = resolved(path),
                let attributes = try? FileManager.default.attributesOfItem(atPath: real)
            else { continue }
            // A link may lie there to a file that is elsewhere.
            guard real.hasPrefix(root + "/"), attributes[.type] as? FileAttributeType == .typeRegular else {
                return .kept("it is not in the models' folder, \(folder)")
            }
            files.append((real, (try? MappedFile(path: real))?.count ?? 0))
        }
        guard !files.isEmpty else { return .kept("it is not there any more") }
        for file in files where !isDry {
            guard unlink(file.path) == 0 else {
                return .kept("it cannot be removed: \(String(cString: strerror(errno)))")
            }
        }
        return .removed(bytes: files.reduce(0) { $0.saturatingAdd($1.bytes) })
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
