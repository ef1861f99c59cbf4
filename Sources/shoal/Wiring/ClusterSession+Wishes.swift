import ClusterStore
import CoordinatorCore
import ModelParts

extension ClusterSession.Settings {
    /// The same with what is wished of one placement.
    ///
    /// - Throws: `CoordinatorError`: invalidRequest, naming the field and its bound.
    func applying(_ wishes: PlacementWishes) throws(CoordinatorError) -> ClusterSession.Settings {
        var settings = self
        settings.wishes = wishes
        settings.context = try wishes.context(or: context)
        settings.slots = try wishes.slots(or: slots)
        settings.pins = try wishes.pins(or: pins)
        settings.planning = try wishes.preferences(over: planning)
        let type = try wishes.keyValueType(or: keyValueType.mode)
        settings.keyValueType = type == .q8_0 ? .q8_0 : .f16
        if compute == .f32, settings.keyValueType == .q8_0 {
            throw CoordinatorError(
                .invalidRequest,
                "kv_type is q8_0, and the coordinator computes in the exact mode, which keeps its cache in f32")
        }
        return settings
    }
}
