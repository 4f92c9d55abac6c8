import { describe, expect, it } from "vitest";
import { logText } from "./log-text.ts";

function frame(stream: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

describe("logText", () => {
  it("takes the frames off, of both streams", () => {
    expect(logText(Buffer.concat([frame(1, "one\n"), frame(2, "zwölf\n"), frame(1, "")]))).toBe("one\nzwölf\n");
  });

  it("leaves the output of a terminal as it is", () => {
    expect(logText(Buffer.from("plain text\r\n"))).toBe("plain text\r\n");
  });

  it("gives what there is of a frame that was cut off", () => {
    expect(logText(frame(1, "half a line").subarray(0, 12))).toBe("half");
  });

  it("is empty for an empty log", () => {
    expect(logText(Buffer.alloc(0))).toBe("");
  });
});
