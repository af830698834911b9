// code-server: VS Code for a browser, as a process of its own that is ended with all that it started.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import * as path from "node:path";

/** A port that nobody uses. */
async function freePort(): Promise<number> {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.on("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            server.close(() => {
                if (address !== null && typeof address !== "string") resolve(address.port);
                else reject(new Error("no port"));
            });
        });
    });
}

/** What a person would have set. */
const SETTINGS = {
    "security.workspace.trust.enabled": false,
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": false,
    "workbench.colorTheme": "Default Dark Modern",
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": false,
    "extensions.autoCheckUpdates": false,
    "extensions.ignoreRecommendations": true,
    "chat.commandCenter.enabled": false,
    "editor.minimap.enabled": false,
    "editor.fontFamily": "DejaVu Sans Mono",
    "editor.fontSize": 13,
    "editor.hover.delay": 100,
    "editor.occurrencesHighlight": "off",
    "debug.toolBarLocation": "docked",
    "git.enabled": false,
    "window.title": "${rootName}",
};

/** A server with the extension, on a folder. */
export class Server {
    private constructor(
        private readonly child: ChildProcess,
        private readonly home: string,
        readonly url: string,
    ) {}

    static async start(codeServer: string, home: string, vsix: string, folder: string, binary: string): Promise<Server> {
        const entry = path.join(codeServer, "node_modules", "code-server", "out", "node", "entry.js");
        const folders = ["--user-data-dir", path.join(home, "data"), "--extensions-dir", path.join(home, "extensions")];
        // What belongs to a machine counts only in the settings of that machine.
        for (const [whose, settings] of Object.entries({ User: SETTINGS, Machine: { "freezeframe.path": binary } })) {
            mkdirSync(path.join(home, "data", whose), { recursive: true });
            writeFileSync(path.join(home, "data", whose, "settings.json"), JSON.stringify(settings));
        }
        // Where Rust is installed doesn't go by the home that is made up here.
        const real = process.env["HOME"] ?? "";
        const rust = { CARGO_HOME: process.env["CARGO_HOME"] ?? path.join(real, ".cargo"), RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? path.join(real, ".rustup") };
        const env = { ...process.env, ...rust, HOME: home, XDG_CONFIG_HOME: path.join(home, "config"), XDG_DATA_HOME: path.join(home, "share") };
        execFileSync(process.execPath, [entry, ...folders, "--install-extension", vsix], { env, stdio: ["ignore", "pipe", "inherit"] });
        const port = await freePort();
        const options = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"];
        // A group of its own, so that it ends as a whole.
        const child = spawn(process.execPath, [entry, ...folders, ...options], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
        const server = new Server(child, home, `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
        await new Promise<void>((resolve, reject) => {
            let said = "";
            const hear = (bytes: Buffer): void => {
                said += bytes.toString();
                if (said.includes("HTTP server listening on")) resolve();
            };
            child.stdout.on("data", hear);
            child.stderr.on("data", hear);
            child.on("exit", (code) => {
                reject(new Error(`code-server ended with ${code ?? "a signal"}:\n${said}`));
            });
        });
        return server;
    }

    /** Ends it; names the processes that outlived it by some seconds, which is a fault of theirs. */
    async stop(): Promise<string[]> {
        const signal = (name: NodeJS.Signals): void => {
            try {
                if (this.child.pid !== undefined) process.kill(-this.child.pid, name);
            } catch {
                // It is gone already.
            }
        };
        signal("SIGTERM");
        for (let waited = 0; waited < 50 && this.left().length > 0; waited++) await new Promise((resolve) => setTimeout(resolve, 100));
        const left = this.left();
        signal("SIGKILL");
        return left;
    }

    /** Processes that were started with this server's home. */
    left(): string[] {
        const mark = `HOME=${this.home}`;
        return readdirSync("/proc")
            .filter((name) => /^\d+$/.test(name))
            .flatMap((pid) => {
                try {
                    if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark)) return [];
                    const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
                    return line === "" ? [] : [`${pid} ${line.slice(0, 120)}`];
                } catch {
                    return [];
                }
            });
    }
}
