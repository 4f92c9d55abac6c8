import { createServer } from "node:net";

/** Run inside a network namespace: opens 127.0.0.1:PORT, hands the open port to the parent process and ends. */
const server = createServer();
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1" }, () => {
  process.send?.("open", server);
});
process.on("disconnect", () => process.exit());
