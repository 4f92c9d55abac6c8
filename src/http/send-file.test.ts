import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { IncomingMessage } from "node:http";
import { createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sendFile } from "./send-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gangway-send-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const asked = (): IncomingMessage => Object.assign(new IncomingMessage(new Socket()), { method: "GET" });

describe("a file that is asked for", () => {
  it("is not there", async () => {
    expect(await sendFile(asked(), join(directory, "none"))).toMatchObject({ status: 404 });
  });

  it("is there, and nobody can look at it", async () => {
    symlinkSync("loop", join(directory, "loop"));

    await expect(sendFile(asked(), join(directory, "loop"))).rejects.toMatchObject({ code: "file_failed" });
  });

  it("is there, and cannot be opened", async () => {
    await using server = createServer().listen(join(directory, "socket"));
    await once(server, "listening");

    await expect(sendFile(asked(), join(directory, "socket"))).rejects.toMatchObject({ code: "file_failed" });
  });
});
