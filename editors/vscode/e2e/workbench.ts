// VS Code in a browser, by what a person sees and does: files, gutters, views, keys.

import assert from "node:assert/strict";
import * as path from "node:path";
import type { Locator, Page } from "playwright-core";

/** A busy machine may take this long for anything; nothing waits longer than it must. */
const PATIENCE = 60_000;

/** The variables, watches … of the debugger's side bar, the debug console: all are lists of rows. */
export class Workbench {
    constructor(readonly page: Page) {}

    /** Opens the workbench on a folder. */
    async open(url: string): Promise<void> {
        await this.page.goto(url, { timeout: PATIENCE });
        await this.page.locator(".monaco-workbench .part.editor").waitFor({ timeout: PATIENCE });
        await this.page.locator(".statusbar-item").first().waitFor({ timeout: PATIENCE });
    }

    private async quickInput(text: string): Promise<void> {
        const input = this.page.locator(".quick-input-widget input.input");
        await input.waitFor({ timeout: 10_000 });
        await input.fill(text);
    }

    /** Runs a command by its title. The list of commands is that of when it was opened, so it's opened until it has it. */
    async command(title: string): Promise<void> {
        const row = this.page.locator(".quick-input-list .monaco-list-row").filter({ has: this.page.getByText(title, { exact: true }) }).first();
        await until(`the command ${title}`, async () => {
            try {
                await this.page.keyboard.press("F1");
                await this.quickInput(`>${title}`);
                await row.waitFor({ timeout: 2000 });
                await row.click({ timeout: 2000 });
                return true;
            } catch {
                await this.page.keyboard.press("Escape");
                return false;
            }
        });
    }

    /** Opens a file by its whole path (a search would need ripgrep), at a line. */
    async file(file: string, line: number): Promise<void> {
        const name = path.basename(file);
        const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first();
        await until(`an editor with ${name}`, async () => {
            try {
                await this.page.keyboard.press("Control+P");
                await this.quickInput(file);
                await row.click({ timeout: 2000 });
                await this.page.locator(".tab.active", { hasText: name }).waitFor({ timeout: 5000 });
                return true;
            } catch {
                await this.page.keyboard.press("Escape");
                return false;
            }
        });
        await until(`line ${line} of ${name}`, async () => {
            try {
                await this.page.keyboard.press("Control+G");
                await this.quickInput(`:${line}`);
                await this.page.keyboard.press("Enter");
                await this.lineNumber(line).waitFor({ timeout: 5000 });
                return true;
            } catch {
                await this.page.keyboard.press("Escape");
                return false;
            }
        });
    }

    private lineNumber(line: number): Locator {
        return this.page.locator(".editor-instance .margin-view-overlays .line-numbers").filter({ hasText: new RegExp(`^${line}$`) }).first();
    }

    private dots(): Locator {
        return this.page.locator(".editor-instance [class*='codicon-debug-breakpoint']:not([class*='hint'])");
    }

    /** Whether a line has the red dot. */
    private async dotted(line: number): Promise<boolean> {
        const number = await this.lineNumber(line).boundingBox().catch(() => null);
        for (const dot of await this.dots().all()) {
            const at = await dot.boundingBox({ timeout: 1000 }).catch(() => null);
            if (at !== null && number !== null && Math.abs(at.y - number.y) < number.height / 2) return true;
        }
        return false;
    }

    /** Clicks into the gutter at a line, and waits for the red dot. A click that meets a moving layout is made again. */
    async breakpoint(line: number): Promise<void> {
        await until(`a breakpoint in the gutter of line ${line}`, async () => {
            const box = await this.lineNumber(line).boundingBox();
            assert.ok(box !== null, `line ${line} isn't on the screen`);
            await this.page.mouse.click(box.x - 8, box.y + box.height / 2);
            return soon(() => this.dotted(line));
        });
        await this.page.mouse.move(700, 12);
    }

    /** Removes all breakpoints, and waits until none is seen: the next one is told from these by its dot. */
    async removeBreakpoints(): Promise<void> {
        const header = this.page.locator('.pane-header[aria-label^="Breakpoints"]');
        await header.hover();
        await header.getByRole("button", { name: "Remove All Breakpoints" }).click({ timeout: PATIENCE });
        await this.page.mouse.move(700, 12);
        await until("a gutter without breakpoints", async () => (await this.dots().count()) === 0);
    }

    /** Waits until the program stands at a line, which is highlighted. */
    async stoppedAt(line: number): Promise<void> {
        await until(`the highlight of line ${line}`, async () => {
            const marks = await this.page.locator(".debug-top-stack-frame-line").all();
            for (const mark of marks) {
                const [at, number] = [await mark.boundingBox(), await this.lineNumber(line).boundingBox().catch(() => null)];
                if (at !== null && number !== null && Math.abs(at.y - number.y) < at.height / 2) return true;
            }
            return false;
        });
    }

    /** A row of a view that says this. */
    row(view: string, text: string | RegExp): Locator {
        return this.page.locator(`.pane:has(.pane-header[aria-label^="${view}"]) .monaco-list-row`).filter({ hasText: text }).first();
    }

    /** Waits for a row, and scrolls to it: only what is on the screen is in the page. */
    async see(view: string, text: string | RegExp): Promise<Locator> {
        const row = this.row(view, text);
        const pane = `.pane:has(.pane-header[aria-label^="${view}"])`;
        const list = this.page.locator(`${pane} .monaco-list`);
        const shown = (): Promise<string[]> => this.page.locator(`${pane} .monaco-list-row`).evaluateAll((rows) => rows.map((row) => row.getAttribute("data-index") ?? "").sort());
        await until(`${String(text)} in ${view}`, async () => {
            if (await row.isVisible()) return true;
            const box = await list.boundingBox();
            if (box === null) return false;
            await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
            const before = await shown();
            await this.page.mouse.wheel(0, box.height / 2);
            await new Promise((resolve) => setTimeout(resolve, 200));
            // At the end: from the beginning again.
            if (before.join() === (await shown()).join()) await this.page.mouse.wheel(0, -100_000);
            return false;
        });
        return row;
    }

    /** Opens a row that stands for more, and waits for one of the things in it. */
    async expand(view: string, text: string | RegExp, inside: string | RegExp): Promise<void> {
        // VS Code opens the first scope by itself after a stop: a click that comes at that moment closes it again.
        await until(`${String(text)} opened in ${view}`, async () => {
            const row = await this.see(view, text);
            if ((await row.getAttribute("aria-expanded")) === "true") return true;
            await row.locator(".monaco-tl-twistie").click({ timeout: 2000 }).catch(() => undefined);
            return soon(async () => (await this.row(view, text).getAttribute("aria-expanded")) === "true");
        });
        await this.see(view, inside);
    }

    /** Chooses from the menu of a variable. */
    async menu(text: string | RegExp, item: string): Promise<void> {
        // The menu is the browser's own drawing, in a shadow of the page.
        const entry = this.page.getByRole("menuitem", { name: item }).first();
        await until(`${item} in the menu of ${String(text)}`, async () => {
            const row = await this.see("Variables", text);
            await row.click({ button: "right", timeout: 2000 }).catch(() => undefined);
            const there = await soon(() => entry.isVisible());
            if (!there) await this.page.keyboard.press("Escape");
            return there;
        });
        // A menu that has just opened ignores clicks, lest the one that opened it chooses from it.
        await until(`${item} chosen`, async () => {
            await this.page.waitForTimeout(300);
            if (await entry.isVisible()) await entry.click({ timeout: 2000 }).catch(() => undefined);
            return soon(async () => !(await entry.isVisible()));
        });
    }

    /** Changes a value by typing over it. */
    async change(text: string | RegExp, value: string): Promise<void> {
        const input = this.page.locator(".debug-view-content input, .monaco-list-row .inputBoxContainer input").first();
        await until(`a field for ${String(text)}`, async () => {
            const row = await this.see("Variables", text);
            await row.locator(".value").dblclick({ timeout: 2000 }).catch(() => undefined);
            return soon(() => input.isVisible());
        });
        await input.fill(value);
        await this.page.keyboard.press("Enter");
    }

    /** What is shown of a word of the source under the mouse. */
    async hover(line: number, word: string): Promise<string> {
        const number = await this.lineNumber(line).boundingBox();
        assert.ok(number !== null, `line ${line} isn't on the screen`);
        const spans = this.page.locator(".editor-instance .view-line span > span", { hasText: word });
        for (const span of await spans.all()) {
            const box = await span.boundingBox();
            if (box === null || Math.abs(box.y - number.y) > box.height / 2) continue;
            const text = (await span.textContent()) ?? "";
            const at = text.search(new RegExp(`\\b${word}\\b`));
            if (at < 0) continue;
            const x = box.x + (box.width * (at + word.length / 2)) / text.length;
            const widget = this.page.locator(".debug-hover-widget").filter({ visible: true }).first();
            // An editor that is laid out anew takes the hover away: the mouse comes again.
            await until(`a hover over ${word}`, async () => {
                await this.page.mouse.move(x + 40, box.y + 60);
                await this.page.mouse.move(x, box.y + box.height / 2, { steps: 5 });
                return soon(async () => (await widget.isVisible()) && (await widget.innerText()).trim() !== "");
            });
            return (await widget.innerText()).replaceAll(/\s+/g, " ");
        }
        throw new Error(`there is no ${word} to hover over on line ${line}`);
    }

    /** Adds a watch. */
    async watch(expression: string): Promise<void> {
        const header = this.page.locator('.pane-header[aria-label^="Watch"]');
        await header.hover();
        await header.getByRole("button", { name: "Add Expression" }).click({ timeout: PATIENCE });
        const input = this.page.locator('.pane:has(.pane-header[aria-label^="Watch"]) input');
        await input.waitFor({ timeout: PATIENCE });
        await input.fill(expression);
        await this.page.keyboard.press("Enter");
    }

    /** Asks in the debug console. */
    async ask(expression: string): Promise<void> {
        const input = this.page.locator(".repl .repl-input-wrapper .monaco-editor");
        if (!(await input.isVisible())) await this.page.keyboard.press("Control+Shift+Y");
        await input.click({ timeout: PATIENCE });
        await this.page.keyboard.insertText(expression);
        await this.page.keyboard.press("Enter");
    }

    /** Waits until the debug console says something, and scrolls upwards to it. */
    async console(text: string | RegExp): Promise<void> {
        const row = this.page.locator(".repl .monaco-list[role=tree] .monaco-list-row").filter({ hasText: text }).first();
        await until(`${String(text)} in the debug console`, async () => {
            if (await row.isVisible()) return true;
            const box = await this.page.locator(".repl .monaco-list[role=tree]").boundingBox();
            if (box === null) return false;
            await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
            await this.page.mouse.wheel(0, -box.height / 2);
            await new Promise((resolve) => setTimeout(resolve, 200));
            return false;
        });
    }

    /** Waits for the end of the session, and until its highlight is gone: it isn't to be taken for the next one's. */
    async ended(): Promise<void> {
        await this.page.locator(".debug-toolbar").filter({ visible: true }).waitFor({ state: "hidden", timeout: PATIENCE });
        // The toolbar goes before VS Code has done with the session; until then it drops what would start another.
        await this.page.waitForTimeout(1500);
        await until("an editor without a highlight", async () => (await this.page.locator(".debug-top-stack-frame-line").count()) === 0);
    }

    /** All that can be read on the screen. */
    async text(): Promise<string> {
        return this.page.locator("body").innerText();
    }
}

/** Waits until something is so. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (!(await holds())) {
        if (Date.now() > end) throw new Error(`in ${PATIENCE / 1000} s there was never ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

/** Whether something becomes so within some seconds: what is done by a click is done then, or was lost. */
async function soon(holds: () => Promise<boolean>): Promise<boolean> {
    const end = Date.now() + 5000;
    do {
        if (await holds().catch(() => false)) return true;
        await new Promise((resolve) => setTimeout(resolve, 50));
    } while (Date.now() < end);
    return false;
}
