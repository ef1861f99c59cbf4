extension PlacementPlan {
    /// The same plan with another name for a device.
    package func naming(_ old: String, _ new: String) -> PlacementPlan {
        let stages = stages.map { stage in
            var stage = stage
            if stage.device == old { stage.holder = StageHolder(device: new) }
            return stage
        }
        let unused = unused.map { $0.device == old ? UnusedDevice(device: new, reason: $0.reason) : $0 }
        return PlacementPlan(
            stages: stages, unused: unused, objective: objective, prediction: prediction, notes: notes, search: search)
    }
}
