// What can be wrong with a configuration, before a debugger is started for it. Knows nothing of VS Code.

import * as path from "node:path";

/** A sentence that says what is wrong and what to do, or nothing. */
export function problemWith(configuration: Record<string, unknown>, exists: (file: string) => boolean): string | undefined {
    return configuration["request"] === "attach" ? problemWithAttach(configuration) : problemWithLaunch(configuration, exists);
}

function problemWithAttach({ port, host }: Record<string, unknown>): string | undefined {
    if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65535) {
        return "To attach, `port` must name the port at which the embedder listens, such as 4711.";
    }
    return host === undefined || typeof host === "string" ? undefined : "`host` must be a text, such as 127.0.0.1.";
}

function problemWithLaunch(configuration: Record<string, unknown>, exists: (file: string) => boolean): string | undefined {
    const { program, cwd, args, env, dirs, preLaunchTask } = configuration;
    if (typeof program !== "string") return "`program` must be the path of a .wasm or .wat file.";
    if (!isTexts(args)) return "`args` must be a list of texts.";
    if (!isTexts(dirs)) return "`dirs` must be a list of texts, each HOST or HOST::GUEST.";
    const empty = dirs?.find((dir) => dir.split("::").some((part) => part === ""));
    if (empty !== undefined) return `\`dirs\` has “${empty}”; write HOST or HOST::GUEST.`;
    const wrong = Object.entries(env ?? {}).find(([, value]) => value !== null && typeof value !== "string");
    if (wrong !== undefined) return `\`env\` has ${wrong[0]}, which must be a text or null.`;
    // A task may be about to build it.
    if (preLaunchTask !== undefined) return undefined;
    const file = typeof cwd === "string" ? path.resolve(cwd, program) : program;
    return exists(file) ? undefined : `${file} doesn't exist. Build the program first, or correct \`program\` in launch.json.`;
}

function isTexts(value: unknown): value is string[] | undefined {
    return value === undefined || (Array.isArray(value) && value.every((text) => typeof text === "string"));
}
