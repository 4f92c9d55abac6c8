import { describe } from "vitest";
import { describePrune } from "../prune-suite.ts";

describe("on an engine with the classic image store", () => describePrune(true));
