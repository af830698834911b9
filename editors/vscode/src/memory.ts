// "Show Memory" of a variable: a page that is read anew at each stop. VS Code's own view needs another extension.

import * as vscode from "vscode";
import { addressIn, hexdump } from "./hexdump.js";

const SCHEME = "freezeframe-memory";
/** How much is shown, in bytes. */
const SIZE = 1024;

interface Read {
    data?: string;
    unreadableBytes?: number;
}

/** Pages of memory; each is named by its session and its reference. */
class Pages implements vscode.TextDocumentContentProvider {
    private readonly changed = new vscode.EventEmitter<vscode.Uri>();
    readonly onDidChange = this.changed.event;

    async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
        const [id, reference] = JSON.parse(uri.query) as [string, string];
        const session = sessions.get(id);
        if (session === undefined) return "The program has ended.\n";
        try {
            const read = (await session.customRequest("readMemory", { memoryReference: reference, count: SIZE })) as Read;
            return hexdump(addressIn(reference), Buffer.from(read.data ?? "", "base64"), read.unreadableBytes ?? 0);
        } catch (error) {
            return `${error instanceof Error ? error.message : String(error)}\n`;
        }
    }

    /** A session's memory may be another one now. */
    refresh(id: string): void {
        for (const { uri } of vscode.workspace.textDocuments) {
            if (uri.scheme === SCHEME && (JSON.parse(uri.query) as [string])[0] === id) this.changed.fire(uri);
        }
    }
}

const sessions = new Map<string, vscode.DebugSession>();

/** What the menu of a variable gives. */
interface Chosen {
    sessionId?: string;
    variable?: { name?: string; memoryReference?: string };
}

async function show({ sessionId, variable }: Chosen = {}): Promise<void> {
    const session = sessions.get(sessionId ?? "") ?? vscode.debug.activeDebugSession;
    if (session === undefined || variable?.memoryReference === undefined) {
        void vscode.window.showInformationMessage("Choose a variable that lies in memory, in the Variables view of a stopped program.");
        return;
    }
    const name = (variable.name ?? "memory").replaceAll(/[^\w.-]/g, "_");
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}.memory`, query: JSON.stringify([session.id, variable.memoryReference]) });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
}

/** Offers the command, and keeps its pages true. */
export function register(): vscode.Disposable {
    const pages = new Pages();
    const tracker: vscode.DebugAdapterTrackerFactory = {
        createDebugAdapterTracker: (session) => ({
            onWillStartSession: () => void sessions.set(session.id, session),
            onDidSendMessage: (message: { type?: string; event?: string }) => {
                if (message.type === "event" && ["stopped", "memory", "invalidated"].includes(message.event ?? "")) pages.refresh(session.id);
            },
            onWillStopSession: () => {
                sessions.delete(session.id);
                pages.refresh(session.id);
            },
        }),
    };
    return vscode.Disposable.from(
        vscode.workspace.registerTextDocumentContentProvider(SCHEME, pages),
        vscode.debug.registerDebugAdapterTrackerFactory("wasm", tracker),
        vscode.commands.registerCommand("freezeframe.showMemory", show),
    );
}
