import { describeRecreation } from "../recreate-suite.ts";

describeRecreation("recreating a container on this machine's engine", {}, { isModelled: true });
