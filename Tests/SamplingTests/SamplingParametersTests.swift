import Testing

import Sampling

@Suite("Sampling parameters")
struct SamplingParametersTests {
    @Test func `the defaults and the ends of the ranges are allowed`() throws {
        try SamplingParameters().validate()
        try SamplingParameters.greedy.validate()
        var ends = SamplingParameters()
        (ends.temperature, ends.topP, ends.minP) = (100, 0, 1)
        (ends.presencePenalty, ends.frequencyPenalty, ends.repetitionWindow) = (-2, 2, -1)
        ends.logitBias = [0: -100, 7: 100]
        try ends.validate()
    }

    @Test func `a value out of range is named`() throws {
        try expectRefusal("temperature") { $0.temperature = -0.1 }
        try expectRefusal("temperature") { $0.temperature = .nan }
        try expectRefusal("temperature") { $0.temperature = .infinity }
        try expectRefusal("top_k") { $0.topK = -1 }
        try expectRefusal("top_p") { $0.topP = 1.1 }
        try expectRefusal("top_p") { $0.topP = -0.1 }
        try expectRefusal("min_p") { $0.minP = .nan }
        try expectRefusal("repetition_penalty") { $0.repetitionPenalty = 0 }
        try expectRefusal("repetition_penalty") { $0.repetitionPenalty = .nan }
        try expectRefusal("repetition_window") { $0.repetitionWindow = -2 }
        try expectRefusal("presence_penalty") { $0.presencePenalty = 2.1 }
        try expectRefusal("frequency_penalty") { $0.frequencyPenalty = -3 }
        try expectRefusal("logit_bias of token 5") { $0.logitBias = [3: 1, 5: 101, 7: 200] }
    }

    private func expectRefusal(_ parameter: String, _ change: (inout SamplingParameters) -> Void) throws {
        var parameters = SamplingParameters()
        change(&parameters)
        let error = try #require(throws: SamplingError.self) { try parameters.validate() }
        #expect(error.parameter == parameter)
        let refused = parameters
        #expect(throws: error) { try Sampler(refused, seed: 0) }
    }

    @Test func `the error says the value and what is allowed`() {
        let error = SamplingError(parameter: "top_p", value: "1.5", allowed: "0 to 1")
        #expect(error.description == "top_p is 1.5; allowed is 0 to 1")
    }
}
