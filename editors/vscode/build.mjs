// Bundles the extension, and with `--tests` the tests: `node build.mjs [--production] [--tests]`.
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const has = (flag) => process.argv.includes(flag);
const common = { bundle: true, platform: "node", target: "node20", logLevel: "warning" };

rmSync("dist", { recursive: true, force: true });
await build({
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    format: "cjs",
    external: ["vscode"],
    minify: has("--production"),
    sourcemap: !has("--production"),
});

if (has("--tests")) {
    rmSync("dist-test", { recursive: true, force: true });
    const tests = (folder) => readdirSync(folder).filter((name) => name.endsWith(".test.ts")).map((name) => `${folder}/${name}`);
    await build({
        ...common,
        entryPoints: [...tests("test/unit"), ...tests("test/adapter"), "e2e/main.ts"],
        outdir: "dist-test",
        outbase: ".",
        outExtension: { ".js": ".mjs" },
        format: "esm",
        packages: "external",
        sourcemap: "inline",
    });
}
