import ModelParts
import Formats
import GGUF
import Tensors

/// Packed matrices from files: mapped where an earlier start wrote them, else packed into new ones.
extension TensorLoader {
    /// A loader that has the matrices among these tensors at hand, packed and mapped, as far as they are kept in files.
    func preparing(_ needs: [TensorNeed]) -> TensorLoader {
        guard compute == .int8, let places else { return self }
        var files: [PackedPlace: [(matrix: PackedLayout.Matrix, blocks: MappedBytes)]] = [:]
        var order: [PackedPlace] = []
        var onDisk: [PackedPlace: Set<Int>] = [:]
        for need in needs where !need.matrices.isEmpty {
            // What is wrong with a tensor is said when it is loaded.
            guard let (descriptor, bytes) = source.tensorData(named: need.name),
                TensorNeed.areEqual(descriptor.dimensions, need.dimensions), let place = places.place(of: need.name)
            else { continue }
            for run in need.matrices {
                let part = TensorPart(descriptor, rows: run)
                guard let blocks = try? part.bytes(in: bytes),
                    let shape = try? PanelShape(
                        name: part.key, type: descriptor.type, rows: run.count, columns: need.columns,
                        rawBytes: blocks.count), shape.packs
                else { continue }
                if files[place] == nil { order.append(place) }
                if need.isExperts, expertsOnDisk {
                    onDisk[place, default: []].insert(files[place]?.count ?? 0)
                }
                files[place, default: []].append((PackedLayout.Matrix(name: part.key, shape: shape), blocks))
            }
        }
        var loader = self
        for place in order {
            let matrices = files[place]!
            let panels = panels(
                of: matrices.map(\.matrix), blocks: matrices.map(\.blocks), in: place,
                onDisk: onDisk[place] ?? [])
            guard let panels else {
                continue
            }
            for (matrix, panels) in zip(matrices.map(\.matrix), panels) {
                loader.prepared[matrix.name] = (matrix.shape, panels)
            }
        }
        return loader
    }

    private func panels(
        of matrices: [PackedLayout.Matrix], blocks: [MappedBytes], in place: PackedPlace, onDisk: Set<Int>
    ) -> [MappedBytes]? {
        let layout = PackedLayout(identity: place.identity, matrices: matrices)
        if let panels = try? PackedFile.open(path: place.path, layout: layout, staysOnDisk: onDisk.contains) {
            for blocks in blocks { progress(blocks.count) }
            tally.use.mapped += panels.count
            return panels
        }
        // A disk that was full for one part is not tried again for each of the others.
        guard tally.use.hint == nil else { return nil }
        do throws(FileError) {
            let panels = try PackedFile.write(
                path: place.path, layout: layout, blocks: blocks, pool: pool, staysOnDisk: onDisk.contains
            ) {
                progress(blocks[$0].count)
            }
            tally.use.written += panels.count
            return panels
        } catch {
            tally.use.hint = error.description
            return nil
        }
    }
}

/// Counts how matrices were come by, and gathers the files that are used from then on. Used by one thread at a time.
final class PackedTally {
    var use = PackedUse()
    /// A part of each mapping.
    private(set) var mappings: [MappedBytes] = []

    func uses(_ bytes: MappedBytes?) {
        guard let bytes, !mappings.contains(where: bytes.sharesMapping) else { return }
        mappings.append(bytes)
    }
}
