#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Hummingbird
import NIOCore
import NIOHTTP1

/// Behind the decoder of HTTP: tells the gate how far requests and answers are, and answers what is no HTTP, has too large a head or names no
/// host. Tells clients that wait for it to send their bodies, and finds out whether one that closed its sending side is still there.
final class RequestWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How often a client that closed its sending side is written to while its answer is made.
    private static let probing = TimeAmount.seconds(1)

    private let gate: ConnectionGate
    private var exchanges = Exchanges()
    /// Why nothing more is read; said once what came before is answered.
    private var refusal: APIError?
    private var probe: Scheduled<Void>?

    init(_ gate: ConnectionGate) { self.gate = gate }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard refusal == nil else { return }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            let isModern = (head.version.major, head.version.minor) >= (1, 1)
            if isModern, head.headers["host"].count != 1 {
                return refuse(
                    .invalidRequest("a request in HTTP/1.1 names its host, once", code: "invalid_http"), context)
            }
            let awaitsContinue = head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
            // One whose body would be too large gets its answer instead.
            let isSmall =
                head.headers.first(name: "content-length").flatMap { Int($0) }
                .map { $0 <= ConnectionLimits.maximumBodyBytes } ?? true
            if exchanges.arrived(.init(takesInterim: isModern, awaitsContinue: awaitsContinue && isSmall)) {
                sayContinue(context)
            }
            gate.note { clock, now in
                clock.head(now: now)
                return true
            }
        case .body(let part):
            gate.note { clock, _ in clock.body(part.readableBytes) }
        case .end:
            gate.note { clock, now in
                clock.end(now: now)
                return true
            }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        case .head:
            exchanges.began()
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            let written = promise ?? context.eventLoop.makePromise(of: Void.self)
            if exchanges.closesWithAnswer {
                written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            }
            context.write(data, promise: written)
            if exchanges.ended() { sayContinue(context) }
            gate.note { clock, now in
                clock.answered(now: now)
                return true
            }
            if exchanges.count == 0, let refusal { answer(refusal, context) }
            lookForClient(context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            exchanges.halfClosed()
            lookForClient(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        probe?.cancel()
        probe = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Nothing can be said in the middle of another answer.
        guard let error = error as? HTTPParserError, exchanges.count == 0, refusal == nil else {
            return context.fireErrorCaught(error)
        }
        refuse(
            error == .headerOverflow
                ? .invalidRequest(
                    "the request's head is too large: at most 32 KiB, 16 KiB of one field and 100 fields are taken",
                    code: "headers_too_large", status: .requestHeaderFieldsTooLarge)
                : .invalidRequest("this is not a request in HTTP/1.1: \(error)", code: "invalid_http"), context)
    }

    /// Says "go on": clients take it any number of times before an answer, and do nothing else than wait on.
    private func sayContinue(_ context: ChannelHandlerContext) {
        context.writeAndFlush(
            Self.wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    /// A client that closed its sending side may wait for its answer, or may have gone: in that case its system answers the first thing
    /// written with a reset, and the connection closes.
    private func lookForClient(_ context: ChannelHandlerContext) {
        if exchanges.isLost { context.fireUserInboundEventTriggered(ConnectionWatch.ClientIsLost()) }
        guard exchanges.isProbed, probe == nil, context.channel.isActive else { return }
        sayContinue(context)
        let bound = context.loopBound
        probe = context.eventLoop.assumeIsolated().scheduleTask(in: Self.probing) { [weak self] in
            guard let self, probe != nil else { return }
            probe = nil
            lookForClient(bound.value)
        }
    }

    private func refuse(_ error: APIError, _ context: ChannelHandlerContext) {
        refusal = error
        if exchanges.count == 0 { answer(error, context) }
    }

    private func answer(_ error: APIError, _ context: ChannelHandlerContext) {
        let body = ByteBuffer(bytes: (try? JSONEncoder.api.encode(error.body)) ?? Data())
        let headers: HTTPHeaders = [
            "Content-Type": "application/json; charset=utf-8", "Content-Length": "\(body.readableBytes)",
            "Connection": "close",
        ]
        let head = HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: error.status.code), headers: headers)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: written)
    }
}
