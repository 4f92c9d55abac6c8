import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn as runInside } from "../bed/containers.ts";
import { loadImage } from "../bed/images.ts";
import { namespaceOf, runIn } from "../bed/traces.ts";

/*
 * What the README says of addresses in `http.allowed_ips` where Gangway runs in a container: whom does a program in it
 * see, behind a published port of a bridge network?
 */

let bed: Bed;
beforeAll(async () => {
  bed = await openBed({ engine: true });
  const { docker } = bed.engine;
  await loadImage(docker, "test/server:1", { version: "1" });
  await docker.createNetwork({ Name: "stack", IPAM: { Config: [{ Subnet: "172.30.0.0/16", Gateway: "172.30.0.1" }] } });
  await runContainer(docker, "server", "test/server:1", {
    Cmd: ["/bin/httpd", "-f", "-vv", "-p", "5000"],
    ExposedPorts: { "5000/tcp": {} },
    HostConfig: { NetworkMode: "stack", PortBindings: { "5000/tcp": [{ HostPort: "5000" }] } },
  });
});
afterAll(() => bed?.[Symbol.asyncDispose]());

/** The addresses that the server has seen somebody at. */
async function seen(): Promise<readonly string[]> {
  const log = await bed.engine.docker.getContainer("server").logs({ stdout: true, stderr: true });
  return [...log.toString("latin1").matchAll(/(?<address>\d+\.\d+\.\d+\.\d+)\]?:\d+: url/g)].map(
    ({ groups }) => groups?.["address"] ?? "",
  );
}

describe("a container with a published port", () => {
  it("sees another machine by that machine's own address", async () => {
    const address = bed.engine.address();
    await fetch(`http://${address}:5000/`).catch(() => {});
    const [a = "", b = "", c = "", last = ""] = address.split(".");

    await expect.poll(seen).toContain(`${a}.${b}.${c}.${Number(last) - 1}`);
  });

  it("sees this machine, at localhost, by the address of the network's gateway", async () => {
    await runIn(namespaceOf(bed.directory), ["wget", "-q", "-O", "-", "http://127.0.0.1:5000/"]).catch(() => {});

    await expect.poll(seen).toContain("172.30.0.1");
  });

  it("sees a container of its own network by that one's address", async () => {
    const { docker } = bed.engine;
    const client = await runContainer(docker, "client", "test/server:1", { HostConfig: { NetworkMode: "stack" } });
    const { NetworkSettings } = await client.inspect();
    await runInside(docker, "client", "/bin/wget", "-q", "-O", "-", "http://server:5000/");

    await expect.poll(seen).toContain(NetworkSettings.Networks["stack"]?.IPAddress);
  });
});
