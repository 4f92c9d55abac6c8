import { describeRecreation } from "../recreate-suite.ts";

describeRecreation("recreating a container on Debian trixie's engine", { release: "trixie" });
describeRecreation("recreating a container on Debian trixie's engine with containerd's image store", {
  release: "trixie",
  config: { features: { "containerd-snapshotter": true } },
});
describeRecreation("recreating a container on Debian sid's engine", {
  release: "sid",
  config: { features: { "containerd-snapshotter": false } },
});
describeRecreation("recreating a container on Debian sid's engine with containerd's image store", {
  release: "sid",
  config: { features: { "containerd-snapshotter": true } },
});
