// What an editor waits for: `node editors/measure.mjs [BINARY]` prints, of target/release/freezeframe or another binary,
//
//   - a step until the variables are there, at a stop with 100 variables (of Rust's std, many of them containers): from
//     the request `next` to the answer to `variables`, with what VS Code asks for in between, the guest's own time included;
//   - a launch until the guest stands at a breakpoint, with the compiled code in the cache and without it.
//
// Times are those of a client: the pipes, the protocol's JSON and Node are in them, and whatever else the machine does. "cpu" is
// what the adapter's process itself took a round on average, the guest's part included (Linux only, in hundredths of a second).
// `--quick` does each once. Rows for `cargo xtask figures` go to the file that FREEZEFRAME_FIGURES names.

import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const quick = process.argv.includes("--quick");
const binary = path.resolve(process.argv.slice(2).find((word) => !word.startsWith("-")) ?? path.join(root, "target/release/freezeframe"));
const rounds = (times) => (quick ? 1 : times);

class Client {
    #seq = 0;
    #bytes = Buffer.alloc(0);
    #answers = new Map();
    #events = [];
    #waiting = [];

    constructor(env = {}) {
        this.process = spawn(binary, ["dap"], { cwd: root, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
        this.process.stdout.on("data", (bytes) => this.#read(bytes));
        this.process.on("exit", () => this.#answers.forEach(({ reject }) => reject(new Error("the adapter is gone"))));
    }

    #read(bytes) {
        this.#bytes = Buffer.concat([this.#bytes, bytes]);
        for (;;) {
            const end = this.#bytes.indexOf("\r\n\r\n");
            if (end < 0) return;
            const length = Number(/Content-Length: (\d+)/.exec(this.#bytes.toString("latin1", 0, end))[1]);
            if (this.#bytes.length < end + 4 + length) return;
            const message = JSON.parse(this.#bytes.toString("utf8", end + 4, end + 4 + length));
            this.#bytes = this.#bytes.subarray(end + 4 + length);
            if (message.type === "response") {
                const { resolve, reject } = this.#answers.get(message.request_seq);
                this.#answers.delete(message.request_seq);
                message.success ? resolve(message.body) : reject(new Error(`${message.command}: ${JSON.stringify(message.body)}`));
            } else {
                this.#events.push(message);
                this.#waiting = this.#waiting.filter((look) => !look());
            }
        }
    }

    ask(command, args = {}) {
        const seq = ++this.#seq;
        const text = JSON.stringify({ seq, type: "request", command, arguments: args });
        this.process.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
        return new Promise((resolve, reject) => this.#answers.set(seq, { resolve, reject }));
    }

    event(name) {
        return new Promise((resolve) => {
            const look = () => {
                const at = this.#events.findIndex(({ event }) => event === name);
                if (at >= 0) resolve(this.#events.splice(at, 1)[0].body);
                return at >= 0;
            };
            if (!look()) this.#waiting.push(look);
        });
    }

    async stopAt(module, source, marker, args = []) {
        await this.ask("initialize", { adapterID: "wasm", linesStartAt1: true, columnsStartAt1: true, pathFormat: "path", supportsVariableType: true });
        const launched = this.ask("launch", { program: path.join(root, "guests/built", `${module}.wasm`), cwd: root, args });
        await this.event("initialized");
        await this.ask("setBreakpoints", { source: { path: path.join(root, "guests/src", source) }, breakpoints: [{ line: line(source, marker) }] });
        await Promise.all([launched, this.ask("configurationDone")]);
        return this.event("stopped");
    }

    async leave() {
        const gone = new Promise((resolve) => this.process.on("exit", resolve));
        await this.ask("disconnect");
        this.process.stdin.end();
        await gone;
    }
}

function line(source, marker) {
    const lines = readFileSync(path.join(root, "guests/src", source), "utf8").split("\n");
    const at = lines.findIndex((text) => text.trimEnd().endsWith(`// #${marker}`));
    if (at < 0) throw new Error(`#${marker} isn't in ${source}`);
    return at + 1;
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const shown = (ms) => `${ms.toFixed(2).padStart(8)} ms`;

/** A row of a table in docs/PERFORMANCE.md. */
function figure(table, columns, cells) {
    const file = process.env.FREEZEFRAME_FIGURES;
    if (!file) return;
    appendFileSync(file, `columns\t${table}\t${columns.join("\t")}\nrow\t${table}\t${cells.join("\t")}\n`);
}

/** `most`: the goal of the median, in ms. */
function print(what, times, { cpu, most } = {}) {
    const [first] = times;
    const all = [...times].sort((a, b) => a - b);
    const own = cpu === undefined ? "" : `   cpu ${shown(cpu / times.length)}`;
    const [middle, best] = [median(all), all[0]].map((ms) => `${ms.toFixed(2)} ms`);
    const goal = most === undefined ? "" : `≤ ${most} ms`;
    figure("editor", ["what", "goal", "median", "best"], [what.trim(), goal, middle, best]);
    if (most !== undefined) figure("goals", ["what", "goal", "this run"], [`in an editor: ${what}`, goal, middle]);
    console.log(`${what.padEnd(64)} first ${shown(first)}   median ${shown(median(all))}   best ${shown(all[0])}${own}`);
}

/** The processor time of a process and its threads so far, in ms. */
function cpu({ pid }) {
    try {
        const fields = readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /, "").split(" ");
        return 10 * (Number(fields[11]) + Number(fields[12]));
    } catch {
        return NaN;
    }
}

/** What an editor asks for after a stop: threads, the stack, the scopes, and the variables of those that are open. */
async function look(client, threadId) {
    await client.ask("threads");
    const { stackFrames } = await client.ask("stackTrace", { threadId, startFrame: 0, levels: 20 });
    const { scopes } = await client.ask("scopes", { frameId: stackFrames[0].id });
    const open = scopes.filter(({ expensive }) => !expensive);
    const all = await Promise.all(open.map(({ variablesReference }) => client.ask("variables", { variablesReference })));
    return all.flatMap(({ variables }) => variables);
}

async function steps(rounds) {
    const client = new Client();
    const { threadId } = await client.stopAt("values.O0.dwarf4", "values.rs", "crowd", ["10"]);
    const times = { all: [], variables: [], stop: [] };
    await look(client, threadId);
    const before = cpu(client.process);
    for (let round = 0; round < rounds; round++) {
        const begun = performance.now();
        const stopped = client.event("stopped");
        await client.ask("next", { threadId });
        await stopped;
        const stands = performance.now();
        const variables = await look(client, threadId);
        const done = performance.now();
        if (variables.length < 100) throw new Error(`only ${variables.length} variables`);
        times.all.push(done - begun);
        times.stop.push(stands - begun);
        times.variables.push(done - stands);
    }
    const own = cpu(client.process) - before;
    await client.leave();
    print("a step until 100 variables are there", times.all, { cpu: own, most: 5 });
    print("  … of it: until it has stopped", times.stop);
    print("  … of it: threads, stack, scopes, variables", times.variables);
}

async function launches(what, rounds, module, source, marker, { cache, most } = {}) {
    const times = [];
    const started = [];
    let own = 0;
    for (let round = 0; round < rounds; round++) {
        const folder = cache ?? mkdtempSync(path.join(tmpdir(), "freezeframe-measure-"));
        const client = new Client({ FREEZEFRAME_CACHE: folder });
        const begun = performance.now();
        await client.ask("threads").catch(() => undefined);
        const up = performance.now();
        await client.stopAt(module, source, marker);
        times.push(performance.now() - up);
        own += cpu(client.process);
        started.push(up - begun);
        await client.leave();
        if (cache === undefined) rmSync(folder, { recursive: true });
    }
    print(what, times, { cpu: own, most });
    return started;
}

console.log(spawnSync(binary, ["--version"]).stdout.toString().trim());
await steps(rounds(41));
const cache = mkdtempSync(path.join(tmpdir(), "freezeframe-measure-"));
for (const [module, source, marker] of [
    ["orders.O0.dwarf5", "orders.c", "price-total"],
    ["inventory.O0.dwarf4", "inventory.rs", "containers"],
]) {
    const before = { cache, most: 100 };
    const started = await launches(`${module}: a launch until the breakpoint, compiled before`, rounds(11), module, source, marker, before);
    await launches(`  … ${module} compiled then`, rounds(5), module, source, marker);
    print(`  … ${module}: beside that, the adapter's process starts`, started);
}
rmSync(cache, { recursive: true });
