// What `initialize` promises is there, and nothing is there that it doesn't promise.

import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, Session } from "./session.js";

/** The request behind each capability. */
const REQUESTS: Record<string, string> = {
    supportsConfigurationDoneRequest: "configurationDone",
    supportsFunctionBreakpoints: "setFunctionBreakpoints",
    supportsSetVariable: "setVariable",
    supportsSetExpression: "setExpression",
    supportsTerminateRequest: "terminate",
    supportsInstructionBreakpoints: "setInstructionBreakpoints",
    supportsBreakpointLocationsRequest: "breakpointLocations",
    supportsExceptionInfoRequest: "exceptionInfo",
    supportsStepInTargetsRequest: "stepInTargets",
    supportsCompletionsRequest: "completions",
    supportsDisassembleRequest: "disassemble",
    supportsReadMemoryRequest: "readMemory",
    supportsWriteMemoryRequest: "writeMemory",
    supportsModulesRequest: "modules",
    supportsLoadedSourcesRequest: "loadedSources",
    supportsRestartRequest: "restart",
    supportsCancelRequest: "cancel",
    supportsTerminateThreadsRequest: "terminateThreads",
    supportsStepBack: "stepBack",
    supportsDataBreakpoints: "dataBreakpointInfo",
    supportsGotoTargetsRequest: "gotoTargets",
    supportsRestartFrame: "restartFrame",
};

test("each request is served exactly if its capability is offered", async () => {
    await using session = await Session.open();
    for (const [capability, request] of Object.entries(REQUESTS)) {
        const offered = (session.capabilities as Record<string, unknown>)[capability] === true;
        // Without arguments most are refused; but by their handler, not as unknown.
        const said = await session.client.customRequest(request).then(
            () => "",
            (error: unknown) => String(error),
        );
        assert.equal(/has no request/.test(said), !offered, `${capability}: ${said}`);
        if (request === "terminate") assert.equal(said, "");
    }
});

test("an unknown request is refused by its name", async () => {
    await using session = await Session.open();
    assert.match(await refused(session.client.customRequest("teleport")), /`teleport`/);
});
