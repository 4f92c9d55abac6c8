import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { startDaemon } from "./daemon.ts";
import { eventually } from "./wait.ts";

/** A page of Debian's chromium, without a window; driven by its DevTools protocol. It goes with the bed. */
export interface BrowserPage extends AsyncDisposable {
  /**
   * Opens `url` and resolves when the page shows each of `texts`, wherever in it (shadow roots are looked into too), and
   * has drawn all of its elements `ha-icon`.
   */
  readonly open: (url: string, texts: readonly string[]) => Promise<void>;
  /** The upper left of what is to be seen, as PNG. */
  readonly picture: (size: PictureSize) => Promise<Buffer>;
}

/** In pixels of the page. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface PageOptions extends PictureSize {
  /** A script that every page runs before its own. */
  readonly before: string;
}

const Frame = z.object({
  id: z.int().optional(),
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ message: z.string() }).optional(),
});
const Targets = z.array(z.object({ type: z.string(), webSocketDebuggerUrl: z.string() }));
const Evaluation = z.object({
  result: z.object({ value: z.unknown() }),
  exceptionDetails: z.object({ text: z.string() }).optional(),
});

const pageMs = 120_000;

/** Starts a chromium in the bed of `directory` (https://chromedevtools.github.io/devtools-protocol/). */
export async function openPage(directory: string, { width, height, before }: PageOptions): Promise<BrowserPage> {
  const profile = join(directory, "browser");
  const portFile = join(profile, "DevToolsActivePort");
  const daemon = await startDaemon({
    directory,
    name: "browser",
    command: "chromium",
    args: [
      ...["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--lang=en-US"],
      ...["--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"],
    ],
  });
  await eventually(() => existsSync(portFile) && readFileSync(portFile, "utf8").includes("\n"), "chromium", pageMs);
  const [port] = readFileSync(portFile, "utf8").split("\n");
  const listed = await fetch(`http://127.0.0.1:${port}/json/list`);
  const target = Targets.parse(await listed.json()).find(({ type }) => type === "page");
  if (target === undefined) throw new Error("chromium has no page");
  const send = await connect(target.webSocketDebuggerUrl);
  await send("Page.enable");
  await send("Page.addScriptToEvaluateOnNewDocument", { source: before });
  await send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });

  const run = async <T>(expression: string, Result: z.ZodType<T>): Promise<T> => {
    const answer = Evaluation.parse(
      await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true }),
    );
    if (answer.exceptionDetails !== undefined) throw new Error(`the page says: ${answer.exceptionDetails.text}`);
    return Result.parse(answer.result.value);
  };
  return {
    open: async (url, texts) => {
      await send("Page.navigate", { url });
      const shows = `(${missing})(${JSON.stringify(texts)})`;
      await eventually(async () => (await run(shows, z.array(z.string()))).length === 0, `all of ${url}`, pageMs);
    },
    picture: async (size) => {
      const clip = { x: 0, y: 0, ...size, scale: 1 };
      const taken = await send("Page.captureScreenshot", { format: "png", clip });
      return Buffer.from(z.object({ data: z.string() }).parse(taken).data, "base64");
    },
    [Symbol.asyncDispose]: () => daemon.end("SIGTERM", 5_000),
  };
}

/** A function of the page: those of `texts` that it does not show, and a word for each icon that is not drawn yet. */
const missing = `texts => {
  const shown = [], blank = [];
  const visit = node => {
    if (node.nodeType === Node.TEXT_NODE) shown.push(node.data.trim());
    if (node.localName === "ha-icon" && !node.shadowRoot?.querySelector("ha-svg-icon")?.shadowRoot?.querySelector("path"))
      blank.push("an icon");
    if (node.shadowRoot) visit(node.shadowRoot);
    for (const child of node.childNodes) visit(child);
  };
  visit(document);
  return [...texts.filter(text => !shown.includes(text)), ...blank];
}`;

type Send = (method: string, params?: Readonly<Record<string, unknown>>) => Promise<unknown>;

async function connect(url: string): Promise<Send> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id = 0, result, error } = Frame.parse(JSON.parse(String(data)));
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`chromium answers: ${error.message}`));
  });
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => opened.reject(new Error("chromium takes no commands")));
  await opened.promise;
  return (method, params = {}) => {
    last += 1;
    const asked = Promise.withResolvers<unknown>();
    waiting.set(last, asked);
    socket.send(JSON.stringify({ id: last, method, params }));
    return asked.promise;
  };
}
