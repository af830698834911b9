// How a session is connected: `freezeframe dap` over stdio to launch, a connection to attach.

import { existsSync } from "node:fs";
import * as vscode from "vscode";
import * as binary from "./binary.js";

const INSTALL = "https://github.com/freezeframe/freezeframe#readme";

function surroundings(first: vscode.WorkspaceFolder | undefined): binary.Surroundings {
    const all = vscode.workspace.workspaceFolders ?? [];
    const folders = [...(first === undefined ? [] : [first]), ...all.filter((folder) => folder !== first)];
    return {
        setting: vscode.workspace.getConfiguration("freezeframe", first?.uri).get("path", ""),
        folders: folders.filter((folder) => folder.uri.scheme === "file").map((folder) => folder.uri.fsPath),
        env: process.env,
    };
}

/** Binaries that were asked already what they are. */
const checked = new Set<string>();

/** The binary; asks the person for it when there is none, `undefined` when they give up. */
export async function locate(folder: vscode.WorkspaceFolder | undefined): Promise<string | undefined> {
    for (;;) {
        const found = await binary.find(surroundings(folder));
        let problem: string;
        if ("path" in found) {
            if (checked.has(found.path)) return found.path;
            const about = await binary.check(found.path);
            if ("version" in about) {
                checked.add(found.path);
                void vscode.commands.executeCommand("setContext", "freezeframe.found", true);
                return found.path;
            }
            problem = about.wrong;
        } else {
            problem = found.missing;
        }
        if (!(await ask(problem))) return undefined;
    }
}

/** Says what is wrong with the binary; whether it's worth another look. */
async function ask(problem: string): Promise<boolean> {
    const choose = "Choose the Binary…";
    const settings = "Open the Setting";
    const install = "How to Install";
    const answer = await vscode.window.showErrorMessage(problem, choose, settings, install);
    if (answer === choose) return choosePath();
    if (answer === settings) await vscode.commands.executeCommand("workbench.action.openSettings", "freezeframe.path");
    if (answer === install) await vscode.env.openExternal(vscode.Uri.parse(INSTALL));
    return false;
}

/** Lets the person choose the binary; whether they did. */
export async function choosePath(): Promise<boolean> {
    const chosen = await vscode.window.showOpenDialog({ title: "The freezeframe binary", openLabel: "Use This", canSelectMany: false });
    const file = chosen?.[0]?.fsPath;
    if (file === undefined) return false;
    await vscode.workspace.getConfiguration("freezeframe").update("path", file, vscode.ConfigurationTarget.Global);
    return true;
}

/** Tells the person which binary is used. */
export async function checkPath(): Promise<void> {
    checked.clear();
    const file = await locate(vscode.workspace.workspaceFolders?.[0]);
    if (file === undefined) return;
    const about = await binary.check(file);
    if ("version" in about) void vscode.window.showInformationMessage(`${about.version}: ${file}`);
}

/** Connects sessions. */
export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
    async createDebugAdapterDescriptor(session: vscode.DebugSession): Promise<vscode.DebugAdapterDescriptor | undefined> {
        const { configuration } = session;
        if (configuration.request === "attach") {
            return new vscode.DebugAdapterServer(configuration["port"] as number, (configuration["host"] as string | undefined) ?? "127.0.0.1");
        }
        const file = await locate(session.workspaceFolder);
        if (file === undefined) throw new Error("Without the freezeframe binary nothing can be debugged.");
        const cwd = session.workspaceFolder?.uri.fsPath;
        return new vscode.DebugAdapterExecutable(file, ["dap"], cwd !== undefined && existsSync(cwd) ? { cwd } : {});
    }
}

/** Writes the protocol into the log, and says what to do when there's nobody to talk to. */
export class Tracker implements vscode.DebugAdapterTrackerFactory {
    constructor(private readonly log: vscode.LogOutputChannel) {}

    createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
        const { configuration } = session;
        const at = `${String(configuration["host"] ?? "127.0.0.1")}:${String(configuration["port"])}`;
        return {
            onWillReceiveMessage: (message: unknown) => {
                this.log.trace(`→ ${JSON.stringify(message)}`);
            },
            onDidSendMessage: (message: unknown) => {
                this.log.trace(`← ${JSON.stringify(message)}`);
            },
            onError: (error) => {
                this.log.error(error);
                if (configuration.request !== "attach" || !("code" in error) || error.code !== "ECONNREFUSED") return;
                const what = `Nobody listens at ${at}. Start the program that embeds Freezeframe first, and look which port it says.`;
                void vscode.window.showErrorMessage(what);
            },
            onExit: (code, signal) => {
                if (code !== undefined && code !== 0) this.log.error(`freezeframe dap ended with ${String(signal ?? code)}`);
            },
        };
    }
}
