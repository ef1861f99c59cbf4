/// A device as the placement sees it.
package struct DeviceCapacity: Sendable, Hashable {
    /// The name, unique in a cluster.
    package let name: String
    /// The bytes that stages may take on it: weights, KV cache and scratch together.
    package let memoryBytes: Int
    /// Whether it is the coordinator's own device.
    package let isCoordinator: Bool

    /// Describes a device.
    package init(name: String, memoryBytes: Int, isCoordinator: Bool = false) {
        self.name = name
        self.memoryBytes = memoryBytes
        self.isCoordinator = isCoordinator
    }
}

/// What the parts of a model take in memory.
package struct ModelSizes: Sendable, Hashable {
    /// Weight bytes of each layer, `[layers]`.
    package let layerBytes: [Int]
    /// Weight bytes of the token embedding.
    package let embeddingBytes: Int
    /// Weight bytes of the final norm and the output matrix, standing alone.
    package let headBytes: Int
    /// Whether the output matrix is the embedding: one device with both holds it once.
    package let tiedEmbedding: Bool
    /// Bytes of keys and values per position and layer.
    package let keyValueBytesPerPositionPerLayer: Int
    /// Bytes of buffers on a device that holds any stage.
    package let scratchBytes: Int

    /// Describes a model.
    package init(
        layerBytes: [Int], embeddingBytes: Int, headBytes: Int, tiedEmbedding: Bool,
        keyValueBytesPerPositionPerLayer: Int, scratchBytes: Int
    ) {
        self.layerBytes = layerBytes
        self.embeddingBytes = embeddingBytes
        self.headBytes = headBytes
        self.tiedEmbedding = tiedEmbedding
        self.keyValueBytesPerPositionPerLayer = keyValueBytesPerPositionPerLayer
        self.scratchBytes = scratchBytes
    }
}

/// The question `place` answers: which device holds which part of a model.
package struct PlacementRequest: Sendable, Hashable {
    /// The devices, in the order the layers shall pass them.
    package var devices: [DeviceCapacity]
    /// The model's sizes.
    package var model: ModelSizes
    /// Positions that one sequence may have.
    package var context: Int
    /// Sequences that are held at the same time.
    package var slots: Int
    /// Positions that the caches of all sequences together have room for; nil is the context for every slot.
    package var keyValuePositions: Int?
    /// Parts that must sit on a named device.
    package var pins: [Pin]
    /// The device of the embedding; nil for the coordinator's own. A pin says the same.
    package var embeddingDevice: String?
    /// The device of the head; nil for the coordinator's own. A pin says the same.
    package var headDevice: String?

    /// Asks for a placement.
    package init(
        devices: [DeviceCapacity], model: ModelSizes, context: Int, slots: Int, pins: [Pin] = [],
        embeddingDevice: String? = nil, headDevice: String? = nil
    ) {
        self.devices = devices
        self.model = model
        self.context = context
        self.slots = slots
        self.pins = pins
        self.embeddingDevice = embeddingDevice
        self.headDevice = headDevice
    }
}
