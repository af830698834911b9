// A person's hour with VS Code and Freezeframe, in a real VS Code in a browser: see run.sh.
//
//   node dist-test/e2e/main.mjs --vsix FILE --code-server DIR --freezeframe FILE [--pictures DIR]

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { Server } from "./server.js";
import { until, Workbench } from "./workbench.js";

const { values: given } = parseArgs({
    options: { vsix: { type: "string" }, "code-server": { type: "string" }, freezeframe: { type: "string" }, pictures: { type: "string" } },
});
const needed = (name: "vsix" | "code-server" | "freezeframe"): string => {
    const value = given[name];
    assert.ok(value !== undefined, `--${name} is missing`);
    return path.resolve(value);
};

const home = mkdtempSync(path.join(tmpdir(), "freezeframe-e2e-"));
const pictures = given.pictures === undefined ? path.join(home, "pictures") : path.resolve(given.pictures);
mkdirSync(pictures, { recursive: true });

// What a project looks like: sources, and a module of each. No launch.json.
const folder = path.join(home, "shop");
const repository = path.resolve("../..");
const guests: [string, string][] = [
    ["orders.c", "orders.O0.dwarf5"],
    ["inventory.rs", "inventory.O0.dwarf4"],
    ["trap.c", "trap.O0.dwarf5"],
    ["panic.rs", "panic.O0.dwarf4"],
];
mkdirSync(path.join(folder, "src"), { recursive: true });
mkdirSync(path.join(folder, "build"));
for (const [name, module] of guests) {
    copyFileSync(path.join(repository, "guests/src", name), path.join(folder, "src", name));
    copyFileSync(path.join(repository, "guests/built", `${module}.wasm`), path.join(folder, "build", `${path.parse(name).name}.wasm`));
}

// And a Cargo project that was never built.
const tally = path.join(folder, "tally");
mkdirSync(path.join(tally, "src"), { recursive: true });
writeFileSync(path.join(tally, "Cargo.toml"), '[package]\nname = "tally"\nversion = "0.1.0"\nedition = "2021"\n\n[workspace]\n');
writeFileSync(path.join(tally, "src/main.rs"), 'fn main() {\n    let count = 3;\n    println!("{count} times"); // #print\n}\n');

const source = (name: string): string => (name.includes("/") ? path.join(folder, name) : path.join(folder, "src", name));

/** The line with a marker, from 1. */
function marked(name: string, marker: string): number {
    const lines = readFileSync(source(name), "utf8").split("\n");
    const at = lines.findIndex((line) => new RegExp(`// ${marker}\\b`).test(line));
    assert.ok(at >= 0, `${marker} isn't in ${name}`);
    return at + 1;
}

const start = Date.now();
async function step(what: string, does: () => Promise<void>): Promise<void> {
    const begun = Date.now();
    process.stdout.write(`${what} … `);
    await does();
    process.stdout.write(`${((Date.now() - begun) / 1000).toFixed(1)} s\n`);
}

async function story(it: Workbench): Promise<void> {
    const { page } = it;
    const picture = async (name: string): Promise<void> => {
        // Nothing under the mouse says what it is.
        await page.mouse.move(1000, 780);
        await new Promise((resolve) => setTimeout(resolve, 500));
        // Playwright itself can't write WebP, which is half as big.
        const browser = await page.context().newCDPSession(page);
        const { data } = await browser.send("Page.captureScreenshot", { format: "webp", quality: 85 });
        await browser.detach();
        writeFileSync(path.join(pictures, `${name}.webp`), Buffer.from(data, "base64"));
    };
    const restart = async (): Promise<void> => {
        await it.command("Debug: Stop");
        await it.ended();
        await it.removeBreakpoints();
    };

    await step("the extension knows the binary", async () => {
        await it.command("Wasm: Check the Freezeframe Binary");
        await page.locator(".notification-list-item", { hasText: /freezeframe \d/ }).waitFor({ timeout: 60_000 });
        await it.command("Notifications: Clear All Notifications");
    });

    await step("the walkthrough opens, with its pictures", async () => {
        await it.command("Welcome: Open Walkthrough...");
        await page.locator(".quick-input-list .monaco-list-row", { hasText: "Debug WebAssembly with Freezeframe" }).first().click({ timeout: 60_000 });
        await page.getByText("Look at values").first().click({ timeout: 60_000 });
        // VS Code shows it in a frame of its own.
        const widths = async (): Promise<number[]> => {
            const found = page.frames().map((frame) => frame.locator("img").evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth)).catch(() => []));
            return (await Promise.all(found)).flat();
        };
        await until("the picture of the walkthrough", async () => (await widths()).some((width) => width > 600));
        // The frame has the keyboard.
        await page.locator(".tab.active .codicon-close").click({ timeout: 60_000 });
    });

    const total = marked("orders.c", "#price-total");
    await step("C: a click in the gutter, F5 without launch.json, stopped at the line", async () => {
        await it.file(source("orders.c"), total);
        await it.breakpoint(total);
        await page.keyboard.press("F5");
        await it.stoppedAt(total);
        await it.see("Call Stack", "price");
        await it.see("Call Stack", "main");
    });
    await step("C: locals and arguments", async () => {
        await it.expand("Variables", "Locals", /sum.*730/);
        await it.expand("Variables", "Arguments", /order.*0x/);
    });
    await step("C: values at the ends of lines", async () => {
        await until("sum = 730 beside the source", async () => (await page.locator(".editor-instance .view-lines").innerText()).replaceAll(/\s/g, " ").includes("sum = 730"));
    });
    await step("C: a hover shows what a variable points to", async () => {
        const said = await it.hover(marked("orders.c", "#price-total"), "sum");
        assert.match(said, /730/);
    });
    await step("C: a struct behind a pointer, expanded", async () => {
        await it.expand("Variables", /^order\b/, /customer.*Ada/);
        await it.see("Variables", /status.*NEW/);
        await picture("stopped");
    });
    await step("C: the memory where a struct lies", async () => {
        await it.menu(/^order\b/, "Show Memory");
        const texts = async (): Promise<string[]> => (await page.locator(".editor-instance .view-lines").allInnerTexts()).map((text) => text.replaceAll("\u00a0", " "));
        await until("its bytes and letters", async () => (await texts()).some((text) => /^[0-9a-f]{8} +01 00 00 00 41 64 61 00 .*Ada/m.test(text)));
        await page.locator(".tab", { hasText: "order.memory" }).hover();
        await page.locator(".tab", { hasText: "order.memory" }).locator(".codicon-close").click({ timeout: 60_000 });
        await it.file(source("orders.c"), total);
    });
    await step("C: a watch, and the debug console", async () => {
        await it.watch("order->id + 41");
        await it.see("Watch", /order->id \+ 41.*42/);
        await it.ask("order->items[0].cents * 2");
        await it.console(/^80\b/);
    });
    await step("C: a changed value is the program's", async () => {
        await it.change(/^sum\b/, "1000");
        await it.see("Variables", /sum.*1000/);
        await page.keyboard.press("F10");
        await it.stoppedAt(total + 1);
        await it.ask("order->total");
        await it.console(/^1000\b/);
        await page.keyboard.press("Shift+F11");
        await it.stoppedAt(marked("orders.c", "#main-loop"));
    });
    await step("C: what it prints comes to the console, and its exit code", async () => {
        await it.removeBreakpoints();
        await page.keyboard.press("F5");
        await it.console(/sum is \d+, expected \d+/);
        await it.ended();
    });

    const print = marked("tally/src/main.rs", "#print");
    await step("Cargo: F5 builds a project that was never built, and stops in it", async () => {
        await it.file(source("tally/src/main.rs"), print);
        await it.breakpoint(print);
        await page.keyboard.press("F5");
        await it.stoppedAt(print);
        await it.expand("Variables", "Locals", /count.*3/);
        await restart();
    });

    const containers = marked("inventory.rs", "#containers");
    await step("Rust: a click in the gutter, F5, stopped", async () => {
        await it.file(source("inventory.rs"), containers);
        await it.breakpoint(containers);
        await page.keyboard.press("F5");
        await it.stoppedAt(containers);
    });
    await step("Rust: a Vec, a String and a struct, expanded", async () => {
        await it.expand("Variables", "Arguments", /^items\b/);
        await it.expand("Variables", /^items\b/, /^\[1\]/);
        await it.expand("Variables", /^\[1\]/, /name.*crimson/);
        await it.see("Variables", /kind.*Paint.*red.*220/);
        await picture("values");
    });
    await step("Rust: steps into and out", async () => {
        await page.keyboard.press("F10");
        await it.stoppedAt(containers + 1);
        await restart();
    });

    await step("C: the disassembly, and a step by instruction in it", async () => {
        await it.file(source("orders.c"), total);
        await it.breakpoint(total);
        await page.keyboard.press("F5");
        await it.stoppedAt(total);
        await it.command("Open Disassembly View");
        const view = page.locator(".disassembly-view");
        await view.getByText(/i32\.load|local\.get|call_indirect/).first().waitFor({ timeout: 60_000 });
        await view.getByText("order->total = discount(sum)").first().waitFor({ timeout: 60_000 });
        const here = view.locator(".codicon-debug-stackframe").first();
        const before = await here.boundingBox();
        await page.keyboard.press("F10");
        await until("the next instruction", async () => (await here.boundingBox())?.y !== before?.y);
        await picture("disassembly");
        await restart();
    });

    const index = marked("panic.rs", "#index");
    await step("Rust: a panic stops with its stack whole", async () => {
        await it.file(source("panic.rs"), index);
        await page.keyboard.press("F5");
        await page.locator(".exception-widget").waitFor({ timeout: 60_000 });
        await it.see("Call Stack", "panic::Table::row");
        await it.see("Call Stack", "panic::main");
        await it.console(/index out of bounds: the len is 3 but the index is 3/);
        await picture("trap");
        await restart();
    });

    await step("Rust: a HashMap shows its entries", async () => {
        await it.file(source("inventory.rs"), containers);
        await it.breakpoint(containers);
        await page.keyboard.press("F5");
        await it.stoppedAt(containers);
        await it.expand("Variables", "Locals", /^counts\b/);
        await it.expand("Variables", /^counts\b/, /hammer.*3/);
        await restart();
    });
}

const server = await Server.start(needed("code-server"), home, needed("vsix"), folder, needed("freezeframe"));
console.log(`code-server is up after ${((Date.now() - start) / 1000).toFixed(1)} s: ${server.url}`);
let failed = false;
const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const workbench = new Workbench(page);
try {
    await step("the workbench opens", () => workbench.open(server.url));
    await story(workbench);
} catch (error) {
    failed = true;
    console.log(`failed\n${error instanceof Error ? error.message : String(error)}`);
    const shot = path.join(tmpdir(), "freezeframe-e2e-failed.png");
    await page.screenshot({ path: shot }).catch(() => undefined);
    console.log(`The screen is in ${shot}. It said:\n${await workbench.text().catch(() => "nothing")}`);
}
await browser.close();
const left = await server.stop();
if (left.length > 0) {
    failed = true;
    console.log(`These processes were left:\n${left.join("\n")}`);
}
rmSync(home, { recursive: true, force: true });
console.log(`${failed ? "FAILED" : "all as it should be"}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
process.exit(failed ? 1 : 0);
