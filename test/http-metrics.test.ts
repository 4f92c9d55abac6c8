import { afterEach, describe, expect, it } from "vitest";
import { expositionOf } from "../src/http/metrics/exposition.ts";
import { containerOf, type HttpBed, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
afterEach(() => bed?.[Symbol.asyncDispose]());

/** Every sample as `name{labels}` → value; fails where a line is none of the format's. */
async function samples(): Promise<ReadonlyMap<string, string>> {
  const answer = await bed.get("/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  const found = new Map<string, string>();
  for (const line of answer.text.trimEnd().split("\n")) {
    if (/^# (?:HELP|TYPE) [a-z_]+ .+$/.test(line)) continue;
    const match =
      /^(?<series>[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})?) (?<value>-?[0-9.e+-]+|NaN)$/.exec(
        line,
      );
    expect(match, line).not.toBeNull();
    expect(found.has(match?.groups?.["series"] ?? "")).toBe(false);
    found.set(match?.groups?.["series"] ?? "", match?.groups?.["value"] ?? "");
  }
  return found;
}

describe("/metrics", () => {
  it("shows engine, containers, updates, operations and the process", async () => {
    bed = await openHttpBed();
    await bed.post("/api/v1/containers/web/stop?wait=5");
    await bed.post("/api/v1/containers/web/stop?wait=5");
    bed.tell("nas", {
      kind: "event",
      event: { type: "container_died", container: "web", operation: null, details: {} },
    });
    bed.nodes[0]?.inventory.setRegistryLimits([
      { registry: "docker.io", limitedUntil: 1_800_000_000_000, quota: { limit: 100, remaining: 7, toldAt: 0 } },
    ]);
    bed.nodes[0]?.inventory.setDisk({
      ...{ imageBytes: 900, reclaimableImageBytes: 300, volumeBytes: 50, reclaimableVolumeBytes: 30 },
      ...{ containerBytes: null, buildCacheBytes: 7 },
    });
    const found = await samples();

    expect(Object.fromEntries(found)).toMatchObject({
      'gangway_disk_bytes{node="nas",part="images_reclaimable"}': "300",
      'gangway_disk_bytes{node="nas",part="build_cache"}': "7",
      'gangway_registry_limited_until_timestamp_seconds{node="nas",registry="docker.io"}': "1800000000",
      'gangway_registry_quota_remaining{node="nas",registry="docker.io"}': "7",
      'docker_daemon_up{node="nas"}': "1",
      'docker_containers_total{node="nas"}': "3",
      'docker_containers_running{node="nas"}': "2",
      'docker_images_total{node="nas"}': "2",
      'gangway_updates_available{node="nas"}': "1",
      'gangway_checks{node="nas",status="up_to_date"}': "1",
      'gangway_container_running{node="nas",container="off"}': "0",
      'gangway_container_update_available{node="nas",container="web"}': "1",
      'gangway_operations_total{node="nas",command="stop",state="done"}': "2",
      'gangway_operations_pending{node="nas",state="queued"}': "0",
      'gangway_events_total{node="nas",type="container_died"}': "1",
      'gangway_broker_connected{node="nas"}': "1",
      'gangway_info{version="1.2.3"}': "1",
      process_cpu_seconds_total: "1.5",
      process_resident_memory_bytes: "100",
    });
    // What is not known is left out: zero would be a lie.
    expect(found.has('gangway_disk_bytes{node="nas",part="containers"}')).toBe(false);
    expect(found.has('gangway_container_update_available{node="nas",container="off"}')).toBe(false);
    expect(found.has('gangway_container_cpu_ratio{node="nas",container="web"}')).toBe(false);
  });

  it("goes on while an engine is away, without its figures", async () => {
    bed = await openHttpBed({ nodes: ["nas", "pi"] });
    const [nas, pi] = bed.nodes;
    nas?.inventory.setEngine(undefined);
    if (pi !== undefined) pi.images = () => Promise.reject(new Error("no"));
    const found = await samples();

    expect(found.get('docker_daemon_up{node="nas"}')).toBe("0");
    expect(found.get('docker_daemon_up{node="pi"}')).toBe("1");
    expect([...found.keys()].filter((series) => series.startsWith("docker_images_total"))).toEqual([]);
  });

  it("has no more series than containers and words", async () => {
    bed = await openHttpBed();
    const before = (await samples()).size;
    for (let index = 0; index < 50; index += 1)
      await bed.post(`/api/v1/containers/web/check?wait=5`, { id: `id-${index}` });
    bed.nodes[0]?.inventory.putContainer(containerOf("short-lived"));
    bed.nodes[0]?.inventory.remove("short-lived");

    expect((await samples()).size).toBe(before + 2);
  });
});

describe("the text format", () => {
  it("escapes what would break it", () => {
    const samples = [{ labels: { name: 'a"b\\c\nd' }, value: 1 }];

    expect(expositionOf([{ name: "x", type: "gauge", help: "one\ntwo\\", samples }])).toBe(
      '# HELP x one\\ntwo\\\\\n# TYPE x gauge\nx{name="a\\"b\\\\c\\nd"} 1\n',
    );
  });
});
