// From what a launch.json says, or doesn't, to what is debugged.

import { existsSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { findCargo } from "./binary.js";
import { cargoBuild } from "./cargo.js";
import { problemWith } from "./configurationCheck.js";
import { type Candidate, describe, obvious, programs } from "./programs.js";

/** What was chosen last in a workspace. */
const LAST = "freezeframe.lastProgram";

/** Completes and checks configurations, and offers one for each module that a project built. */
export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
    constructor(private readonly memory: vscode.Memento) {}

    async provideDebugConfigurations(folder: vscode.WorkspaceFolder | undefined): Promise<vscode.DebugConfiguration[]> {
        const found = folder === undefined ? [] : await programs(folder.uri.fsPath, openFile());
        return found.slice(0, 10).map(({ path: file }) => configurationFor(file, folder));
    }

    async resolveDebugConfiguration(
        folder: vscode.WorkspaceFolder | undefined,
        configuration: vscode.DebugConfiguration,
    ): Promise<vscode.DebugConfiguration | undefined> {
        // Without a launch.json there's nothing in it.
        if (!configuration.type && !configuration.request && !configuration.name) {
            Object.assign(configuration, { type: "wasm", request: "launch", name: "Debug Wasm" });
        }
        if (configuration.request === "launch" && !configuration["program"]) {
            if (configuration["preLaunchTask"] === undefined && !(await built(folder))) return undefined;
            const program = await this.pickProgram(folder);
            // `undefined` ends the start quietly; the person has been told, or has cancelled.
            if (program === undefined) return undefined;
            configuration["program"] = program;
            if (configuration.name === "Debug Wasm") configuration.name = `Debug ${path.basename(program)}`;
        }
        if (folder !== undefined) configuration["cwd"] ??= folder.uri.fsPath;
        return configuration;
    }

    async resolveDebugConfigurationWithSubstitutedVariables(
        _folder: vscode.WorkspaceFolder | undefined,
        configuration: vscode.DebugConfiguration,
    ): Promise<vscode.DebugConfiguration | undefined> {
        const problem = problemWith(configuration, existsSync);
        if (problem === undefined) return configuration;
        const open = "Open launch.json";
        if ((await vscode.window.showErrorMessage(problem, open)) === open) {
            await vscode.commands.executeCommand("workbench.action.debug.configure");
        }
        return undefined;
    }

    /** The program to debug: the obvious one, or the person's choice. */
    async pickProgram(folder = vscode.workspace.workspaceFolders?.[0]): Promise<string | undefined> {
        const file = openFile();
        if (file?.endsWith(".wat") === true) return file;
        const found = folder === undefined ? [] : await programs(folder.uri.fsPath, file);
        const only = obvious(found);
        if (only !== undefined) return only.path;
        const chosen = found.length === 0 ? await this.noProgram() : await this.choose(found, folder);
        if (chosen !== undefined) await this.memory.update(LAST, chosen);
        return chosen;
    }

    private async choose(found: readonly Candidate[], folder: vscode.WorkspaceFolder | undefined): Promise<string | undefined> {
        const last = this.memory.get<string>(LAST);
        const ordered = [...found].sort((a, b) => Number(b.path === last) - Number(a.path === last));
        const root = folder?.uri.fsPath ?? "";
        const items = ordered.slice(0, 100).map(async (candidate) => ({
            label: path.basename(candidate.path),
            description: path.relative(root, path.dirname(candidate.path)),
            detail: await describe(candidate.path),
            file: candidate.path,
        }));
        const picked = await vscode.window.showQuickPick(await Promise.all(items), {
            title: "Which program?",
            placeHolder: "Several modules were found; `program` in launch.json names one for good",
            matchOnDescription: true,
        });
        return picked?.file;
    }

    private async noProgram(): Promise<string | undefined> {
        const choose = "Choose a File…";
        const answer = await vscode.window.showErrorMessage(
            "No WebAssembly module was found in this folder. Build the program for WASI with debug information first, for example by `cargo build --target wasm32-wasip1`.",
            choose,
        );
        if (answer !== choose) return undefined;
        const chosen = await vscode.window.showOpenDialog({
            title: "The program to debug",
            filters: { WebAssembly: ["wasm", "wat"], "All files": ["*"] },
        });
        return chosen?.[0]?.fsPath;
    }
}

/** Builds the Cargo project around the open file, if it's one and the setting doesn't say otherwise; whether to go on. */
async function built(folder: vscode.WorkspaceFolder | undefined): Promise<boolean> {
    const wanted = vscode.workspace.getConfiguration("freezeframe", folder?.uri).get<boolean>("cargoBuild", true);
    const file = openFile();
    if (folder === undefined || !wanted || file?.endsWith(".wat") === true) return true;
    const build = await cargoBuild(folder.uri.fsPath, file);
    if (build === undefined) return true;
    const execution = new vscode.ProcessExecution(await findCargo(), build.args, { cwd: build.folder });
    const task = new vscode.Task({ type: "freezeframe-cargo" }, folder, `cargo ${build.args.join(" ")}`, "Freezeframe", execution, ["$rustc"]);
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Silent, clear: true, showReuseMessage: false };
    const code = await ran(task);
    if (code === 0) return true;
    const anyway = "Debug What There Is";
    const answer = await vscode.window.showErrorMessage(
        `cargo ${build.args.join(" ")} failed in ${build.folder}; the terminal says why. (The setting freezeframe.cargoBuild turns building off.)`,
        anyway,
    );
    return answer === anyway;
}

/** Runs a task to its end; gives its exit code, if it came so far. */
async function ran(task: vscode.Task): Promise<number | undefined> {
    const listening: vscode.Disposable[] = [];
    try {
        return await new Promise<number | undefined>((resolve, reject) => {
            // The one that is begun; it may be over before its start is known.
            const mine = ({ task: { name, source } }: vscode.TaskExecution): boolean => name === task.name && source === task.source;
            listening.push(
                vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
                    if (mine(execution)) resolve(exitCode);
                }),
                // Without a process there's no end of one.
                vscode.tasks.onDidEndTask(({ execution }) => {
                    if (mine(execution)) setTimeout(resolve, 1000, undefined);
                }),
            );
            vscode.tasks.executeTask(task).then(undefined, reject);
        });
    } finally {
        for (const each of listening) each.dispose();
    }
}

/** The file in the editor that was used last, if it is one on disk. */
function openFile(): string | undefined {
    const uri = vscode.window.activeTextEditor?.document.uri;
    return uri?.scheme === "file" ? uri.fsPath : undefined;
}

/** A configuration for a file, with paths that stay right when the folder moves. */
export function configurationFor(file: string, folder: vscode.WorkspaceFolder | undefined): vscode.DebugConfiguration {
    const relative = folder === undefined ? file : path.relative(folder.uri.fsPath, file);
    const outside = relative.startsWith("..") || path.isAbsolute(relative);
    const program = outside ? file : `\${workspaceFolder}/${relative.replaceAll(path.sep, "/")}`;
    return { type: "wasm", request: "launch", name: `Debug ${path.basename(file)}`, program, args: [] };
}
