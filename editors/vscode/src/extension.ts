// The extension: registers what the other files do.

import * as vscode from "vscode";
import { AdapterFactory, checkPath, choosePath, Tracker } from "./adapter.js";
import { ConfigurationProvider, configurationFor } from "./configuration.js";
import * as languageFeatures from "./languageFeatures.js";
import * as memory from "./memory.js";

export function activate(context: vscode.ExtensionContext): void {
    const log = vscode.window.createOutputChannel("Freezeframe", { log: true });
    const provider = new ConfigurationProvider(context.workspaceState);
    const { debug, commands } = vscode;
    context.subscriptions.push(
        log,
        debug.registerDebugConfigurationProvider("wasm", provider),
        debug.registerDebugConfigurationProvider("wasm", provider, vscode.DebugConfigurationProviderTriggerKind.Dynamic),
        debug.registerDebugAdapterDescriptorFactory("wasm", new AdapterFactory()),
        debug.registerDebugAdapterTrackerFactory("wasm", new Tracker(log)),
        languageFeatures.register(),
        memory.register(),
        commands.registerCommand("freezeframe.pickProgram", () => provider.pickProgram()),
        commands.registerCommand("freezeframe.choosePath", choosePath),
        commands.registerCommand("freezeframe.checkPath", checkPath),
        commands.registerCommand("freezeframe.debugFile", async (uri?: vscode.Uri) => {
            const file = uri ?? vscode.window.activeTextEditor?.document.uri;
            if (file === undefined) return;
            const folder = vscode.workspace.getWorkspaceFolder(file);
            await debug.startDebugging(folder, configurationFor(file.fsPath, folder));
        }),
    );
}
