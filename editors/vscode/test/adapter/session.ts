// A session with the real binary, by VS Code's own test client.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { DebugClient } from "@vscode/debugadapter-testsupport";
import type { DebugProtocol as Dap } from "@vscode/debugprotocol";

/** The repository. */
export const ROOT = path.resolve("../..");
/** The binary that is tested. */
export const BINARY = path.resolve(process.env["FREEZEFRAME"] ?? path.join(ROOT, "target/release/freezeframe"));
assert.ok(existsSync(BINARY), `${BINARY} isn't there: build it by \`cargo build --release\`, or name it in FREEZEFRAME`);

/** Where a guest's source is. */
export const source = (name: string): string => path.join(ROOT, "guests/src", name);
/** Where a built guest is. */
export const guest = (name: string): string => path.join(ROOT, "guests/built", `${name}.wasm`);

/** The line with a `// #marker` comment, from 1. */
export function line(name: string, marker: string): number {
    const lines = readFileSync(source(name), "utf8").split("\n");
    const at = lines.findIndex((text) => new RegExp(`// ${marker}\\b(?!-)`).test(text));
    assert.ok(at >= 0, `${marker} isn't in ${name}`);
    return at + 1;
}

/** A place to stop at: a file and the marker on its line. */
export type Place = readonly [file: string, marker: string];

/** The test client; its errors are what a person is shown, not the word for programs. */
export class Client extends DebugClient {
    /** What came of the requests that failed, as it came. */
    readonly failures: Dap.ErrorResponse[] = [];

    constructor(env: Record<string, string> = {}) {
        // It runs `BINARY dap`.
        super(BINARY, "dap", "wasm", { stdio: "pipe", env: { ...process.env, ...env } }, false);
        this.defaultTimeout = 60_000;
        // The adapter may ask too: an event "request", to be answered by `respond`.
        const raw = this as unknown as { dispatch(body: string): void };
        const dispatch = raw.dispatch.bind(this);
        raw.dispatch = (body) => {
            const message = JSON.parse(body) as Dap.ProtocolMessage;
            if (message.type === "request") this.emit("request", message);
            else dispatch(body);
        };
    }

    private get raw(): { sequence: number; outputStream: NodeJS.WritableStream; doSend(command: string, args: unknown, answered: (response: Dap.Response) => void): void } {
        return this as never;
    }

    /** The number of the request that was sent last. */
    get lastSeq(): number {
        return this.raw.sequence - 1;
    }

    /** Answers a request of the adapter; with a text, why it can't be done. */
    respond(request: Dap.Request, why?: string): void {
        const answer = { type: "response", seq: this.raw.sequence++, request_seq: request.seq, command: request.command, success: why === undefined, ...(why === undefined ? {} : { message: why }) };
        const text = JSON.stringify(answer);
        this.raw.outputStream.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    }

    override send(command: string, args?: unknown): Promise<never> {
        return new Promise((resolve, reject) => {
            this.raw.doSend(command, args, (response) => {
                const { error } = ((response as Partial<Dap.ErrorResponse>).body ?? {}) satisfies Partial<Dap.ErrorResponse["body"]>;
                if (response.success) {
                    resolve(response as never);
                    return;
                }
                this.failures.push(response as Dap.ErrorResponse);
                reject(new Error(error?.format.replaceAll(/\{(\w+)\}/g, (whole, name: string) => error.variables?.[name] ?? whole) ?? response.message));
            });
        });
    }
}

type Extra = Omit<Dap.SourceBreakpoint, "line">;

/** One session; ended by `using`. */
export class Session implements AsyncDisposable {
    readonly client: Client;
    capabilities: Dap.Capabilities = {};
    readonly output: Dap.OutputEvent["body"][] = [];
    readonly events: Dap.Event[] = [];
    private readonly stops: Dap.StoppedEvent["body"][] = [];
    private waiting: ((stop: Dap.StoppedEvent["body"]) => void) | undefined;

    private constructor(env: Record<string, string>) {
        this.client = new Client(env);
        this.client.on("output", (event: Dap.OutputEvent) => this.output.push(event.body));
        for (const name of ["thread", "process", "module", "breakpoint", "invalidated", "memory", "exited", "terminated", "continued", "progressStart", "progressUpdate", "progressEnd"]) {
            this.client.on(name, (event: Dap.Event) => this.events.push(event));
        }
        this.client.on("stopped", ({ body }: Dap.StoppedEvent) => {
            const { waiting } = this;
            this.waiting = undefined;
            if (waiting === undefined) this.stops.push(body);
            else waiting(body);
        });
    }

    /** Connects, and asks what the adapter can do. */
    static async open(initialize: Partial<Dap.InitializeRequestArguments> = {}, env: Record<string, string> = {}): Promise<Session> {
        const session = new Session(env);
        await session.client.start();
        const { body } = await session.client.initializeRequest({
            clientID: "tests",
            adapterID: "wasm",
            linesStartAt1: true,
            columnsStartAt1: true,
            pathFormat: "path",
            supportsVariableType: true,
            supportsMemoryReferences: true,
            supportsInvalidatedEvent: true,
            supportsMemoryEvent: true,
            ...initialize,
        });
        session.capabilities = body ?? {};
        return session;
    }

    /** Launches a guest, whose breakpoints are set by `configure`. */
    async launch(module: string, more: Record<string, unknown> = {}, configure: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
        const initialized = this.client.waitForEvent("initialized");
        const args: Record<string, unknown> = { program: guest(module), cwd: ROOT, ...more };
        await Promise.all([this.client.launchRequest(args), initialized.then(configure).then(() => this.client.configurationDoneRequest())]);
    }

    /** Launches with one breakpoint, and waits until the guest stands at it. */
    async stopAt(module: string, [file, marker]: Place, launch: Record<string, unknown> = {}, extra: Extra = {}): Promise<Dap.StoppedEvent["body"]> {
        await this.launch(module, launch, () => this.breakpoints(file, [marker], extra));
        return this.stopped("breakpoint", [file, marker]);
    }

    /** Sets the breakpoints of a file, all with the same conditions. */
    async breakpoints(file: string, markers: readonly string[], extra: Extra = {}): Promise<Dap.Breakpoint[]> {
        const breakpoints = markers.map((marker) => ({ line: line(file, marker), ...extra }));
        const { body } = await this.client.setBreakpointsRequest({ source: { path: source(file) }, breakpoints });
        return body.breakpoints;
    }

    /** The next stop; it must be for this reason, and at this place. */
    async stopped(reason: string, place?: Place): Promise<Dap.StoppedEvent["body"]> {
        const stop = this.stops.shift() ?? (await within(new Promise<Dap.StoppedEvent["body"]>((resolve) => (this.waiting = resolve)), `a stop (${reason})`));
        const at = await this.top();
        const where = `${at.source?.name ?? "?"}:${at.line}`;
        assert.equal(stop.reason, reason, `stopped at ${where}: ${stop.text ?? ""}`);
        if (place !== undefined) assert.equal(where, `${place[0]}:${line(...place)}`);
        return stop;
    }

    /** Does something that lets the guest run, and waits for the next stop. */
    async until(does: () => Promise<unknown>, reason: string, place?: Place): Promise<Dap.StoppedEvent["body"]> {
        await does();
        return this.stopped(reason, place);
    }

    /** The number of the only guest. */
    async thread(): Promise<number> {
        const { body } = await this.client.threadsRequest();
        assert.equal(body.threads.length, 1);
        return body.threads[0]?.id ?? -1;
    }

    async continue(): Promise<void> {
        await this.client.continueRequest({ threadId: await this.thread() });
    }

    /** The frames, the innermost first. */
    async stack(more: Partial<Dap.StackTraceArguments> = {}): Promise<Dap.StackFrame[]> {
        const { body } = await this.client.stackTraceRequest({ threadId: await this.thread(), ...more });
        return body.stackFrames;
    }

    async top(): Promise<Dap.StackFrame> {
        const [frame] = await this.stack({ levels: 1 });
        assert.ok(frame !== undefined, "the stack is empty");
        return frame;
    }

    /** The names of the functions, the innermost first. */
    async functions(): Promise<string[]> {
        return (await this.stack()).map(({ name }) => name);
    }

    async scopes(frame?: Dap.StackFrame): Promise<Dap.Scope[]> {
        const { body } = await this.client.scopesRequest({ frameId: (frame ?? (await this.top())).id });
        return body.scopes;
    }

    /** What is in something that can be expanded. */
    async children(reference: number, more: Partial<Dap.VariablesArguments> = {}): Promise<Dap.Variable[]> {
        assert.ok(reference > 0, "there is nothing to expand");
        const { body } = await this.client.variablesRequest({ variablesReference: reference, ...more });
        return body.variables;
    }

    /** The variables of a scope of the innermost frame. */
    async scope(name: string): Promise<Map<string, Dap.Variable>> {
        const scope = (await this.scopes()).find((scope) => scope.name === name);
        assert.ok(scope !== undefined, `there is no scope ${name}`);
        return byName(await this.children(scope.variablesReference));
    }

    /** A variable by its path of names, from a scope: `["Locals", "items", "[0]"]`. */
    async variable(scope: string, ...names: string[]): Promise<Dap.Variable> {
        let level = await this.scope(scope);
        let found: Dap.Variable | undefined;
        for (const name of names) {
            if (found !== undefined) level = byName(await this.children(found.variablesReference));
            found = level.get(name);
            assert.ok(found !== undefined, `there is no ${name} among ${[...level.keys()].join(", ")}`);
        }
        assert.ok(found !== undefined);
        return found;
    }

    /** An expression in the innermost frame. */
    async evaluate(expression: string, context = "watch", more: Partial<Dap.EvaluateArguments> = {}): Promise<Dap.EvaluateResponse["body"]> {
        const { body } = await this.client.evaluateRequest({ expression, context, frameId: (await this.top()).id, ...more });
        return body;
    }

    async value(expression: string): Promise<string> {
        return (await this.evaluate(expression)).result;
    }

    /** The next event of a kind that fits, of those that came before too; it counts as taken. */
    async event<T extends Dap.Event>(name: string, fits: (event: T) => boolean = () => true): Promise<T> {
        const wanted = (event: Dap.Event): boolean => event.event === name && fits(event as T);
        const at = this.events.findIndex(wanted);
        if (at >= 0) return this.events.splice(at, 1)[0] as T;
        const came = new Promise<T>((resolve) => {
            const look = (event: Dap.Event): void => {
                if (!wanted(event)) return;
                this.client.off(name, look);
                this.events.splice(this.events.indexOf(event), 1);
                resolve(event as T);
            };
            this.client.on(name, look);
        });
        return within(came, name);
    }

    /** What was written under a category. */
    text(category: string): string {
        return this.output.filter((output) => output.category === category).map(({ output }) => output).join("");
    }

    /** Waits for the end; gives the exit code. */
    async exited(): Promise<number> {
        const seen = (name: string): Dap.Event | undefined => this.events.find(({ event }) => event === name);
        if (seen("terminated") === undefined) await this.client.waitForEvent("terminated");
        const exited = seen("exited") as Dap.ExitedEvent | undefined;
        assert.ok(exited !== undefined, "there was no `exited`");
        return exited.body.exitCode;
    }

    async [Symbol.asyncDispose](): Promise<void> {
        await this.client.stop().catch(() => undefined);
    }
}

export function byName(variables: readonly Dap.Variable[]): Map<string, Dap.Variable> {
    return new Map(variables.map((variable) => [variable.name, variable]));
}

/** A hang is a failure, not a wait for ever. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
            reject(new Error(`${what} didn't come`));
        }, 60_000);
    });
    return Promise.race([promise, late]).finally(() => {
        clearTimeout(timer);
    });
}

/** Waits until a process has written something that fits: it may come in pieces. */
export async function says(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<RegExpExecArray> {
    let said = "";
    const found = new Promise<RegExpExecArray>((resolve, reject) => {
        stream.on("data", (bytes: Buffer) => {
            said += bytes.toString();
            const match = pattern.exec(said);
            if (match !== null) resolve(match);
        });
        stream.on("end", () => {
            reject(new Error(`${String(pattern)} didn't come; there was ${JSON.stringify(said)}`));
        });
    });
    return within(found, String(pattern));
}

/** The message of a request that must fail; the session lives on. */
export async function refused(request: Promise<unknown>): Promise<string> {
    let answer: unknown;
    try {
        answer = await request;
    } catch (error) {
        return error instanceof Error ? error.message : String(error);
    }
    throw new assert.AssertionError({ message: `was done: ${JSON.stringify(answer)}` });
}
