import { parseExact } from "../src/lib/exact-json.ts";
import { host, type RecreateCase } from "./recreate-case.ts";

/** Limits. */
export const limitCases: readonly RecreateCase[] = [
  {
    flags: "--ulimit memlock=9223372036854775807",
    request: host(
      parseExact('{"Ulimits":[{"Name":"memlock","Hard":9223372036854775807,"Soft":9223372036854775807}]}') as Readonly<
        Record<string, unknown>
      >,
    ),
    createOnly: "the limit is higher than root may set here",
  },
  { flags: "--ulimit nofile=1000:2000", request: host({ Ulimits: [{ Name: "nofile", Soft: 1000, Hard: 2000 }] }) },
  { flags: "--memory 64m", request: host({ Memory: 67_108_864 }) },
  {
    flags: "--memory --memory-swap --memory-reservation",
    request: host({ Memory: 67_108_864, MemorySwap: 100_000_000, MemoryReservation: 33_554_432 }),
  },
  { flags: "--memory-swappiness 0", request: host({ MemorySwappiness: 0 }) },
  {
    flags: "--cpus .5 --cpu-shares 512 --cpuset-cpus 0",
    request: host({ NanoCpus: 500_000_000, CpuShares: 512, CpusetCpus: "0" }),
  },
  { flags: "--cpu-period --cpu-quota", request: host({ CpuPeriod: 50_000, CpuQuota: 25_000 }) },
  { flags: "--pids-limit 50", request: host({ PidsLimit: 50 }) },
  { flags: "--shm-size 32m", request: host({ ShmSize: 33_554_432 }) },
  { flags: "--oom-score-adj 500 --oom-kill-disable", request: host({ OomScoreAdj: 500, OomKillDisable: true }) },
  {
    flags: "--device-read-bps",
    request: host({ BlkioDeviceReadBps: [{ Path: "/dev/null", Rate: 1_048_576 }] }),
    createOnly: "/dev/null is no block device",
  },
];

/** Capabilities, devices, and what is hidden. */
export const securityCases: readonly RecreateCase[] = [
  { flags: "--cap-add NET_ADMIN --cap-drop CHOWN", request: host({ CapAdd: ["NET_ADMIN"], CapDrop: ["CHOWN"] }) },
  { flags: "--cap-drop ALL", request: host({ CapDrop: ["ALL"] }) },
  { flags: "--privileged", request: host({ Privileged: true }), createOnly: "root may lack a capability here" },
  {
    flags: "--security-opt no-new-privileges, seccomp",
    request: host({ SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] }),
  },
  { flags: "--security-opt systempaths=unconfined", request: host({ MaskedPaths: [], ReadonlyPaths: [] }) },
  { flags: "masked paths made by hand", request: host({ MaskedPaths: ["/proc/kcore"], ReadonlyPaths: ["/proc/sys"] }) },
  { flags: "--read-only --tmpfs /tmp", request: host({ ReadonlyRootfs: true, Tmpfs: { "/tmp": "" } }) },
  {
    flags: "--device /dev/null:/dev/x:rw --device-cgroup-rule",
    request: host({
      Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/x", CgroupPermissions: "rw" }],
      DeviceCgroupRules: ["c 1:3 rw"],
    }),
  },
  {
    flags: "--gpus all",
    request: host({
      DeviceRequests: [{ Driver: "", Count: -1, DeviceIDs: null, Capabilities: [["gpu"]], Options: {} }],
    }),
    createOnly: "there is no GPU here",
  },
  {
    flags: '--gpus "device=0,capabilities=utility"',
    request: host({
      DeviceRequests: [{ Driver: "", Count: 0, DeviceIDs: ["0"], Capabilities: [["gpu", "utility"]], Options: {} }],
    }),
    createOnly: "there is no GPU here",
  },
];

/** How it is run, and with whom. */
export const runtimeCases: readonly RecreateCase[] = [
  { flags: "--restart unless-stopped", request: host({ RestartPolicy: { Name: "unless-stopped" } }) },
  { flags: "--restart on-failure:5", request: host({ RestartPolicy: { Name: "on-failure", MaximumRetryCount: 5 } }) },
  { flags: "--restart always", request: host({ RestartPolicy: { Name: "always" } }) },
  { flags: "--init", request: host({ Init: true }) },
  {
    flags: "--log-opt max-size=10m",
    request: host({ LogConfig: { Type: "json-file", Config: { "max-size": "10m" } } }),
  },
  { flags: "--log-driver none", request: host({ LogConfig: { Type: "none", Config: {} } }) },
  {
    flags: "--dns --dns-search --dns-opt --add-host",
    request: host({
      Dns: ["9.9.9.9"],
      DnsSearch: ["example.org"],
      DnsOptions: ["ndots:2"],
      ExtraHosts: ["foo:1.2.3.4", "x:host-gateway"],
    }),
  },
  { flags: "--sysctl", request: host({ Sysctls: { "net.ipv4.ip_unprivileged_port_start": "0" } }) },
  { flags: "--pid container:par", request: host({ PidMode: "container:par" }) },
  { flags: "--ipc container:sib", request: host({ IpcMode: "container:sib" }) },
  { flags: "--pid host --uts host", request: host({ PidMode: "host", UTSMode: "host" }) },
  { flags: "--ipc shareable", request: host({ IpcMode: "shareable" }) },
  { flags: "--ipc host", request: host({ IpcMode: "host" }) },
  {
    flags: "--cgroupns private",
    request: host({ CgroupnsMode: "private" }),
    createOnly: "the kernel may not have it here",
  },
  { flags: "--cgroup-parent", request: ({ controlGroup }) => host({ CgroupParent: `${controlGroup}/foo` }) },
  { flags: "--userns host --runtime runc", request: host({ UsernsMode: "host", Runtime: "runc" }) },
  {
    flags: "--rm -v /a",
    request: { Volumes: { "/a": {} }, HostConfig: { AutoRemove: true } },
    createOnly: "the engine would remove it when it stops",
  },
];
