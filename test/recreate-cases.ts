import type { EndpointConfig } from "../src/core/inspect.ts";
import type { Request } from "./engine-model.ts";
import { host, type RecreateCase } from "./recreate-case.ts";
import { limitCases, runtimeCases, securityCases } from "./recreate-host-cases.ts";

const onUserNetwork = (endpoint: EndpointConfig, more: Request = {}): Request => ({
  ...more,
  HostConfig: { NetworkMode: "n1", ...more.HostConfig },
  NetworkingConfig: { EndpointsConfig: { n1: endpoint } },
});
const port = (HostPort: string, HostIp = "") => [{ HostIp, HostPort }];
const mac = "02:11:22:33:44:55";

/** What the image of the container decides, or its user. */
const configCases: readonly RecreateCase[] = [
  { flags: "-e A=user -e NEW=1 -e FROM_IMAGE=mine", request: { Env: ["A=user", "NEW=1", "FROM_IMAGE=mine"] } },
  { flags: "-e FROM_IMAGE=1, as in the image", request: { Env: ["FROM_IMAGE=1"] } },
  { flags: "no flags", request: {} },
  { flags: "-w /etc", request: { WorkingDir: "/etc" } },
  { flags: "-u 1234:1234", request: { User: "1234:1234" } },
  { flags: "--group-add 44 --group-add 45", request: host({ GroupAdd: ["44", "45"] }) },
  { flags: "--entrypoint /bin/sleep IMG 99", request: { Entrypoint: ["/bin/sleep"], Cmd: ["99"] } },
  { flags: "--entrypoint of the image, no command", request: { Entrypoint: ["/bin/env", "ENTRY=1"] } },
  { flags: '--entrypoint "" IMG /bin/sleep 9', request: { Entrypoint: [""], Cmd: ["/bin/sleep", "9"] } },
  { flags: "an empty entrypoint list, no command", request: { Entrypoint: [] } },
  { flags: "an empty entrypoint list IMG /bin/sleep 9", request: { Entrypoint: [], Cmd: ["/bin/sleep", "9"] } },
  {
    flags: "another --entrypoint, the image's command",
    request: { Entrypoint: ["/bin/env", "X=1"], Cmd: ["/bin/sleep", "1000"] },
  },
  { flags: "IMG args", request: { Cmd: ["/bin/sleep", "1001"] } },
  { flags: "--hostname h --domainname d", request: { Hostname: "h", Domainname: "d" } },
  { flags: "--hostname 0123456789ab", request: { Hostname: "0123456789ab" } },
  { flags: "-l a=1 -l from-image=1", request: { Labels: { a: "1", "from-image": "1" } } },
  {
    flags: "labels of compose",
    request: {
      Labels: {
        "com.docker.compose.project": "p",
        "com.docker.compose.service": "s",
        "com.docker.compose.image": "sha256:old",
        "com.docker.compose.config-hash": "h",
      },
    },
  },
  { flags: "--stop-signal SIGQUIT --stop-timeout 77", request: { StopSignal: "SIGUSR1", StopTimeout: 77 } },
  { flags: "--no-healthcheck", request: { Healthcheck: { Test: ["NONE"] } } },
  {
    flags: "--health-cmd --health-retries 9 --health-start-period 3s",
    request: { Healthcheck: { Test: ["CMD-SHELL", "true"], Retries: 9, StartPeriod: 3e9 } },
  },
  { flags: "--health-interval 5s", request: { Healthcheck: { Interval: 5e9 } } },
  {
    flags: "-it",
    request: { Tty: true, OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true },
  },
  { flags: "-i", request: { OpenStdin: true } },
  {
    flags: "200 KB of environment and labels",
    request: {
      Env: Array.from({ length: 20 }, (_, index) => `LONG_${index}=${"x".repeat(5_000)}`),
      Labels: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`long-${index}`, "x".repeat(5_000)])),
    },
  },
  { flags: "no record of the image", request: { Env: ["A=1"], Cmd: ["/bin/sleep", "1002"] }, forgotten: true },
  { flags: "networking switched off", request: { NetworkDisabled: true } },
];

const portCases: readonly RecreateCase[] = [
  {
    flags: "-p 127.0.0.1:18081:8080 -p 18082:53/udp",
    request: {
      ExposedPorts: { "8080/tcp": {}, "53/udp": {} },
      HostConfig: { PortBindings: { "8080/tcp": port("18081", "127.0.0.1"), "53/udp": port("18082") } },
    },
  },
  {
    flags: "-p of a port that only the old image exposes",
    request: host({ PortBindings: { "9001/tcp": port("18083") } }),
  },
  {
    flags: "-p 18090-18092:70-72",
    request: {
      ExposedPorts: { "70/tcp": {}, "71/tcp": {}, "72/tcp": {} },
      HostConfig: { PortBindings: { "70/tcp": port("18090"), "71/tcp": port("18091"), "72/tcp": port("18092") } },
    },
  },
  {
    flags: "-p 8080",
    request: { ExposedPorts: { "8080/tcp": {} }, HostConfig: { PortBindings: { "8080/tcp": port("") } } },
  },
  { flags: "-P", request: host({ PublishAllPorts: true }) },
  { flags: "--expose 1234/udp", request: { ExposedPorts: { "1234/udp": {} } } },
];

const volumeCases: readonly RecreateCase[] = [
  { flags: "-v /host:/b:ro", request: ({ hostDirectory }) => host({ Binds: [`${hostDirectory}:/b:ro`] }) },
  {
    flags: "-v /host:/c:ro,rslave",
    request: ({ hostDirectory }) => host({ Binds: [`${hostDirectory}:/c:ro,rslave`] }),
    createOnly: "the directory is in no shared mount of the bed",
  },
  {
    flags: "-v named:/n -v n2:/m:ro -v n3:/o:nocopy",
    request: host({ Binds: ["named:/n", "n2:/m:ro", "n3:/o:nocopy"] }),
  },
  { flags: "-v /anon", request: { Volumes: { "/anon": {} } } },
  { flags: "a bind that is only a destination", request: host({ Binds: ["/anon"] }) },
  { flags: "--mount type=volume,dst=/a", request: host({ Mounts: [{ Type: "volume", Target: "/a" }] }) },
  {
    flags: "--mount type=volume,src=vol,dst=/v,readonly,volume-nocopy,volume-label=a=b",
    request: host({
      Mounts: [
        {
          Type: "volume",
          Source: "vol",
          Target: "/v",
          ReadOnly: true,
          VolumeOptions: { NoCopy: true, Labels: { a: "b" } },
        },
      ],
    }),
  },
  {
    flags: "--mount type=bind,bind-propagation=rprivate,readonly",
    request: ({ hostDirectory }) =>
      host({
        Mounts: [
          {
            Type: "bind",
            Source: hostDirectory,
            Target: "/b",
            ReadOnly: true,
            BindOptions: { Propagation: "rprivate" },
          },
        ],
      }),
  },
  {
    flags: "--mount type=bind,bind-propagation=shared",
    request: ({ hostDirectory }) =>
      host({ Mounts: [{ Type: "bind", Source: hostDirectory, Target: "/b", BindOptions: { Propagation: "shared" } }] }),
    createOnly: "the directory is in no shared mount of the bed",
  },
  {
    flags: "--mount type=tmpfs,tmpfs-size,tmpfs-mode --tmpfs /r:rw,size=64k,noexec",
    request: host({
      Mounts: [{ Type: "tmpfs", Target: "/t", TmpfsOptions: { SizeBytes: 65_536, Mode: 0o1770 } }],
      Tmpfs: { "/r": "rw,size=64k,noexec" },
    }),
  },
  { flags: "--volumes-from sib:ro", request: host({ VolumesFrom: ["sib:ro"] }) },
  { flags: "--volumes-from sib -v /own", request: { Volumes: { "/own": {} }, HostConfig: { VolumesFrom: ["sib"] } } },
  { flags: "-v named:/var/lib/app, over the image's VOLUME", request: host({ Binds: ["named:/var/lib/app"] }) },
  { flags: "--tmpfs over the image's VOLUME", request: host({ Tmpfs: { "/var/lib/app": "" } }) },
];

const networkCases: readonly RecreateCase[] = [
  {
    flags: "--network n1 --ip --network-alias a --network-alias b",
    request: onUserNetwork({ IPAMConfig: { IPv4Address: "10.77.0.99" }, Aliases: ["a", "b"] }),
  },
  {
    flags: "--network n1 --hostname h --network-alias h",
    request: onUserNetwork({ Aliases: ["h"] }, { Hostname: "h" }),
  },
  { flags: "--network n1 --link par:al", request: onUserNetwork({ Links: ["par:al"] }, host({ Links: ["par:al"] })) },
  {
    flags: "three networks, one static IPv6",
    request: onUserNetwork({ Aliases: ["one"] }),
    connect: [
      { network: "n2", endpoint: { Aliases: ["two", "zwei"] } },
      { network: "n3", endpoint: { IPAMConfig: { IPv4Address: "10.79.0.9", IPv6Address: "fd00:79::9" } } },
    ],
  },
  { flags: "the default bridge and n2", request: {}, connect: [{ network: "n2", endpoint: { Aliases: ["two"] } }] },
  { flags: "--network n1 --mac-address", request: onUserNetwork({}, { MacAddress: mac }) },
  { flags: "--mac-address", request: { MacAddress: mac } },
  { flags: "--network host", request: host({ NetworkMode: "host" }) },
  { flags: "--network host --hostname h", request: { Hostname: "h", HostConfig: { NetworkMode: "host" } } },
  { flags: "--network none", request: host({ NetworkMode: "none" }) },
  { flags: "--network container:par", request: host({ NetworkMode: "container:par" }) },
  { flags: "--link par:al", request: host({ Links: ["par:al"] }) },
  {
    flags: "disconnected from the network of its mode",
    request: onUserNetwork({}),
    connect: [
      { network: "n2", endpoint: { Aliases: ["two"] } },
      { network: "n3", endpoint: {} },
    ],
    disconnect: ["n1"],
  },
  { flags: "disconnected from all networks", request: onUserNetwork({}), disconnect: ["n1"] },
  { flags: "disconnected from the default bridge", request: {}, disconnect: ["bridge"] },
];

/** Containers whose recreation must not change anything that the images do not explain. */
export const recreateCases: readonly RecreateCase[] = [
  ...configCases,
  ...portCases,
  ...volumeCases,
  ...limitCases,
  ...securityCases,
  ...runtimeCases,
  ...networkCases,
];
