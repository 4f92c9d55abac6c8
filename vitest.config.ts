import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/*.test.ts"],
          // Nothing here takes a second; a machine may be busy with other things.
          testTimeout: 30_000,
          // As many as the integration tests: Vitest runs projects beside each other only where that is the same.
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts", "test/contract/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          // As integration, for which `npm test` has no time.
          name: "thorough",
          include: ["test/thorough/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          // What needs minutes or downloads: newer engines, the bed in containers. Not part of `npm test`.
          name: "long",
          include: ["test/long/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          // Against a real Home Assistant, which starts slowly: one for all. Run by test/ha/run.ts.
          name: "ha",
          include: ["test/ha/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 1,
        },
      },
      {
        extends: true,
        test: {
          // Some hundred deaths of Gangway and of its engine: about 20 minutes.
          name: "crash",
          include: ["test/crash/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxConcurrency: 8,
        },
      },
    ],
  },
});
