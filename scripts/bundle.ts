import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { z } from "zod";

/*
 * `npm run bundle`, after `npm run build`: puts what `dist/main.js` needs of all packages into a few files in `bundle/`,
 * and beside them the licenses of those packages. Node.js finds, reads and compiles a few files faster than 1,400.
 */

const root = join(import.meta.dirname, "..");
const directory = join(root, "bundle");

/** Loaded at run time, where there is a pattern: see `src/lib/linear-pattern.ts`. It stays a package. */
const keptApart = ["re2js"];
/** Parts for speed that packages do without; nothing compiles them here. */
const optional = ["*.node", "cpu-features"];
/** What CommonJS packages have by other names, or not at all, in a module. */
const names = { __dirname: "import.meta.dirname", __filename: "import.meta.filename" };
const requireBuiltIn = `import{createRequire as createRequireHere}from"node:module";const require=createRequireHere(import.meta.url);`;

rmSync(directory, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["dist/main.js"],
  outdir: directory,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  external: [...keptApart, ...optional],
  define: names,
  banner: { js: requireBuiltIn },
  // Node.js keeps the text of what it has loaded, two bytes for a character where one is beyond Latin-1.
  charset: "ascii",
  minifyWhitespace: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const modules = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
const packages = new Set(modules.flatMap((id) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []));
const notices = [...packages].sort().map((path) => noticeOf(join(root, path)));
writeFileSync(join(directory, "third-party-licenses.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));

/** Who the package is, and all that it says of its license. */
function noticeOf(path: string): string {
  const Package = z.object({ name: z.string(), version: z.string(), license: z.string().default("see below") });
  const { name, version, license } = Package.parse(JSON.parse(readFileSync(join(path, "package.json"), "utf8")));
  const texts = globSync("{licen[cs]e,LICEN[CS]E,Licen[cs]e,COPYING,NOTICE}*", { cwd: path })
    .filter((file) => !/\.[cm]?[jt]s$/.test(file))
    .map((file) => readFileSync(join(path, file), "utf8").trim());
  return `${[`${name} ${version} (${license})`, ...texts].join("\n\n")}\n`;
}
