import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** A front that speaks MQTT over WebSocket and hands it on to a broker that cannot: Debian's mosquitto is built without. */
export interface WebSocketFront extends AsyncDisposable {
  readonly port: number;
  /** The subprotocols that clients have asked for. */
  readonly asked: () => readonly string[];
}

/** RFC 6455, section 1.3. */
const handshakeId = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const binaryFrame = 0x82;
const opcodes = { continuation: 0, binary: 2, close: 8, ping: 9 } as const;

/** Opens a front on 127.0.0.1 for the broker at `target`, with TLS where it is given a certificate. */
export async function openWebSocketFront(
  target: number,
  certificate?: { readonly key: string; readonly cert: string },
): Promise<WebSocketFront> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const server: Server = certificate === undefined ? createServer() : createTlsServer(certificate);
  server.on("upgrade", (request, socket: Duplex) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const protocol = request.headers["sec-websocket-protocol"] ?? "";
    asked.push(protocol);
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${handshakeId}`).digest("base64");
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    socket.write(
      `${[...lines, `Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${protocol}`].join("\r\n")}\r\n\r\n`,
    );
    join(socket, connect(target, "127.0.0.1"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

function join(client: Duplex, broker: Socket): void {
  let buffered = Buffer.alloc(0);
  broker.on("error", () => {});
  broker.on("data", (payload: Buffer) => client.write(Buffer.concat([headerFor(payload.length), payload])));
  broker.on("close", () => client.destroy());
  client.on("close", () => broker.destroy());
  client.on("data", (bytes: Buffer) => {
    buffered = Buffer.concat([buffered, bytes]);
    for (let frame = frameIn(buffered); frame !== undefined; frame = frameIn(buffered)) {
      buffered = buffered.subarray(frame.end);
      if (frame.opcode === opcodes.close) client.end();
      else if (frame.opcode === opcodes.binary || frame.opcode === opcodes.continuation) broker.write(frame.payload);
      else if (frame.opcode !== opcodes.ping) client.destroy();
    }
  });
}

/** The header of a server's frame, which is not masked. */
function headerFor(length: number): Buffer {
  if (length < 126) return Buffer.from([binaryFrame, length]);
  const header = Buffer.alloc(length < 0x1_00_00 ? 4 : 10);
  header.writeUInt8(binaryFrame);
  header.writeUInt8(header.length === 4 ? 126 : 127, 1);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

/** The first frame of a client, unmasked, if it is all there (section 5.2). */
function frameIn(bytes: Buffer): { opcode: number; payload: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const begin = 2 + lengthBytes + 4;
  if (bytes.length < begin) return undefined;
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = begin + length;
  if (bytes.length < end) return undefined;
  const mask = bytes.subarray(begin - 4, begin);
  const payload = Buffer.from(bytes.subarray(begin, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return { opcode: bytes.readUInt8() & 0x0f, payload, end };
}
