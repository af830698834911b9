// Hovers over whole expressions, and values at the ends of lines.

import * as vscode from "vscode";
import { expressionAt, functionStart, variablesOn } from "./expressions.js";

const LANGUAGES = ["c", "cpp", "rust", "zig"];

/** Lines above a stop that get their values, at most. */
const LINES = 200;

const hovers: vscode.EvaluatableExpressionProvider = {
    provideEvaluatableExpression(document, position) {
        const span = expressionAt(document.lineAt(position).text, position.character);
        if (span === undefined) return undefined;
        return new vscode.EvaluatableExpression(new vscode.Range(position.line, span.start, position.line, span.end));
    },
};

const inlineValues: vscode.InlineValuesProvider = {
    provideInlineValues(document, viewPort, context) {
        const stop = context.stoppedLocation.end.line;
        const lines = document.getText(new vscode.Range(0, 0, stop + 1, 0)).split(/\r?\n/);
        const first = Math.max(functionStart(lines, stop, document.languageId), viewPort.start.line, stop - LINES);
        const values: vscode.InlineValue[] = [];
        for (let line = first; line <= Math.min(stop, viewPort.end.line); line++) {
            const seen = new Set<string>();
            for (const { name, span } of variablesOn(document.lineAt(line).text)) {
                if (seen.has(name)) continue;
                seen.add(name);
                values.push(new vscode.InlineValueVariableLookup(new vscode.Range(line, span.start, line, span.end), name, true));
            }
        }
        return values;
    },
};

/** Offers them for the languages that there is debug information for. */
export function register(): vscode.Disposable {
    return vscode.Disposable.from(
        vscode.languages.registerEvaluatableExpressionProvider(LANGUAGES, hovers),
        vscode.languages.registerInlineValuesProvider(LANGUAGES, inlineValues),
    );
}
