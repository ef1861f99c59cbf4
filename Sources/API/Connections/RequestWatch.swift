#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Hummingbird
import NIOCore
import NIOHTTP1

/// Behind the decoder of HTTP: tells the gate how far requests and answers are, and answers what is no HTTP or has too large a head.
final class RequestWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let gate: ConnectionGate
    /// Heads that came less answers that ended.
    private var unanswered = 0
    private var isRefused = false

    init(_ gate: ConnectionGate) { self.gate = gate }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head:
            unanswered += 1
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
        context.write(data, promise: promise)
        guard case .end = Self.unwrapOutboundIn(data) else { return }
        unanswered -= 1
        gate.note { clock, now in
            clock.answered(now: now)
            return true
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Nothing can be said in the middle of another answer.
        guard let error = error as? HTTPParserError, unanswered == 0, !isRefused else {
            return context.fireErrorCaught(error)
        }
        isRefused = true
        let refusal: (status: HTTPResponseStatus, error: APIError) =
            error == .headerOverflow
            ? (
                .requestHeaderFieldsTooLarge,
                .invalidRequest(
                    "the request's head is too large: at most 32 KiB, 16 KiB of one field and 100 fields are taken",
                    code: "headers_too_large", status: .requestHeaderFieldsTooLarge)
            ) : (.badRequest, .invalidRequest("this is not a request in HTTP/1.1: \(error)", code: "invalid_http"))
        let body = ByteBuffer(bytes: (try? JSONEncoder.api.encode(refusal.error.body)) ?? Data())
        let headers: HTTPHeaders = [
            "Content-Type": "application/json; charset=utf-8", "Content-Length": "\(body.readableBytes)",
            "Connection": "close",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: refusal.status, headers: headers)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: written)
    }
}
