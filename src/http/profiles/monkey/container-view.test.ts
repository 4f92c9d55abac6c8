import { describe, expect, it } from "vitest";
import { inspectOf } from "../../../../test/engine-data.ts";
import { containerOf } from "../../../../test/http-bed.ts";
import { containerView, stackOf, statusText } from "./container-view.ts";
import { binaryText, decimalText, durationText } from "./texts.ts";

const now = Date.parse("2026-01-02T00:00:00Z");
const second = 1_000;
const hour = 3_600 * second;

describe("texts", () => {
  it.each([
    [500, "Less than a second"],
    [second, "1 second"],
    [59 * second, "59 seconds"],
    [60 * second, "About a minute"],
    [3 * 60 * second, "3 minutes"],
    [hour, "About an hour"],
    [2 * hour, "2 hours"],
    [47 * hour, "47 hours"],
    [48 * hour, "2 days"],
    [14 * 24 * hour, "2 weeks"],
    [60 * 24 * hour, "2 months"],
    [800 * 24 * hour, "2 years"],
  ])("have %d ms as docker ps does: %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    [0, "0B", "0B"],
    [10 * 2 ** 20, "10MiB", "10.5MB"],
    [2 ** 30, "1GiB", "1.07GB"],
    [192_345_678, "183.4MiB", "192MB"],
  ])("have %d bytes as docker does: %s, %s", (bytes, binary, decimal) => {
    expect([binaryText(bytes), decimalText(bytes)]).toEqual([binary, decimal]);
  });
});

describe("a container's status", () => {
  const { State: up } = inspectOf(containerOf("web", { startedAt: "2026-01-01T22:00:00Z" }));
  const over = { ...up, Running: false, FinishedAt: "2026-01-01T23:57:00Z" };

  it.each([
    [up, "Up 2 hours"],
    [{ ...up, Health: { Status: "unhealthy", FailingStreak: 3 } }, "Up 2 hours (unhealthy)"],
    [{ ...up, Health: { Status: "starting", FailingStreak: 0 } }, "Up 2 hours (health: starting)"],
    [{ ...up, Status: "paused" as const, Paused: true }, "Up 2 hours (Paused)"],
    [{ ...over, Status: "exited" as const, ExitCode: 137 }, "Exited (137) 3 minutes ago"],
    [{ ...over, Status: "created" as const }, "Created"],
    [{ ...over, Status: "restarting" as const, ExitCode: 1, Running: true }, "Restarting (1) 3 minutes ago"],
  ])("is as docker ps has it (%#)", (State, text) => {
    expect(statusText({ State }, now)).toBe(text);
  });
});

describe("a container", () => {
  it("has the shape of Container Monkey's", () => {
    const inspect = inspectOf(containerOf("web", { startedAt: "2026-01-01T22:00:00Z" }), {
      Mounts: [
        { Type: "volume", Name: "data", Source: "/var/lib/x", Destination: "/data", RW: true },
        { Type: "bind", Source: "/srv", Destination: "/srv", RW: true },
      ],
      NetworkSettings: {
        Networks: { none: {}, lan: { IPAddress: "172.18.0.2" } },
        Ports: {
          "80/tcp": [
            { HostIp: "0.0.0.0", HostPort: "8080" },
            { HostIp: "::", HostPort: "8080" },
          ],
          "53/udp": null,
        },
      },
    });

    expect(containerView(inspect, { now, isSelf: false })).toEqual({
      ...{ id: "web000000000", name: "web", image: "registry.example/web:1", status: "running" },
      ...{ status_text: "Up 2 hours", created: 1_767_225_600, ip_address: "172.18.0.2", stack_info: null },
      ports: [
        { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
        { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
        { PrivatePort: 53, Type: "udp" },
      ],
      port_mappings: [{ host: "0.0.0.0:8080", container: "80/tcp", display: "8080:80" }],
      volumes: [{ name: "data", destination: "/data", driver: "local" }],
      image_info: { name: "registry.example/web:1", id: "aaaaaaaaaaaa" },
      ...{ networks: ["none", "lan"], is_self: false },
    });
  });

  it.each([
    [{}, null],
    [
      { "com.docker.compose.project": "shop", "com.docker.compose.service": "db" },
      { name: "shop", service: "db", display: "shop/db" },
    ],
    [
      { "com.docker.stack.namespace": "shop", "com.docker.swarm.service.name": "shop_db" },
      { name: "shop", service: "db", display: "shop/db" },
    ],
  ])("belongs to a stack by its labels: %j", (labels, stack) => {
    expect(stackOf(labels)).toEqual(stack);
  });
});
