// What under the mouse is an expression, and what on a line is a variable. Knows nothing of VS Code.

/** Columns of a line, from 0, the end not included. */
export interface Span {
    start: number;
    end: number;
}

const WORD = /[\p{L}\p{N}_$]/u;

/** Positions of a line that are in a comment or a text. */
function quoted(line: string): boolean[] {
    const inside = new Array<boolean>(line.length).fill(false);
    // Rust's lifetimes ('a) aren't characters: a quote must close within a few.
    const pieces = /\/\/.*$|;;.*$|\/\*.*?(\*\/|$)|"(\\.|[^"\\])*("|$)|'(\\[^']{1,10}|[^'\\])'/gu;
    for (const match of line.matchAll(pieces)) inside.fill(true, match.index, match.index + match[0].length);
    return inside;
}

/**
 * The expression that ends with the name at a column: `order->items[i].cents` for a column within `cents`,
 * `order->items` for one within `items`. Calls are none: looking must have no effects.
 */
export function expressionAt(line: string, column: number): Span | undefined {
    if (quoted(line)[column] === true) return undefined;
    const isWord = (at: number): boolean => WORD.test(line[at] ?? "");
    if (!isWord(column)) return undefined;
    let end = column;
    while (isWord(end)) end++;
    let start = column;
    while (isWord(start - 1)) start--;
    // What begins with a digit is a number, unless it is a field of a tuple.
    const digits = /^\d/.test(line.slice(start, end));
    if (digits && line[start - 1] !== ".") return undefined;
    if (/^\s*\(/.test(line.slice(end)) || /^!\s*[([{]/.test(line.slice(end))) return undefined;
    for (;;) {
        const before = line.slice(0, start);
        const joint = /(->|::|\.)$/.exec(before)?.[0];
        if (joint === undefined || before.endsWith("..")) break;
        const left = leftOperand(line, start - joint.length);
        if (left === undefined) return undefined;
        start = left;
    }
    if (/^\d/.test(line.slice(start, end))) return undefined;
    return { start, end };
}

/** Where the name that ends before a column starts, its indices included. */
function leftOperand(line: string, end: number): number | undefined {
    let at = end;
    while (line[at - 1] === "]") {
        let depth = 0;
        do {
            at--;
            const char = line[at];
            if (char === "]") depth++;
            else if (char === "[") depth--;
            // A call or an assignment in an index has effects.
            else if (char === undefined || char === "(" || char === "=") return undefined;
        } while (depth > 0);
    }
    const bracket = at;
    while (WORD.test(line[at - 1] ?? "")) at--;
    return at === bracket ? undefined : at;
}

const KEYWORDS = new Set(
    (
        "as async auto await bool break case catch char class comptime const continue crate default defer delete do double dyn else enum errdefer " +
        "explicit export extern false float fn for friend if impl in inline int let long loop match mod move mut namespace new null nullptr " +
        "operator orelse private protected pub public ref register return short signed sizeof static struct super switch template this throw trait " +
        "true try type typedef typename undefined union unsafe unsigned use using var virtual void volatile where while yield"
    ).split(" "),
);

/** The variables that a line may name: words that aren't keywords, types, fields, functions, texts or comments. */
export function variablesOn(line: string): { name: string; span: Span }[] {
    const inside = quoted(line);
    const found: { name: string; span: Span }[] = [];
    for (const match of line.matchAll(/[\p{L}_][\p{L}\p{N}_]*/gu)) {
        const [name] = match;
        const start = match.index;
        const end = start + name.length;
        const before = line.slice(0, start);
        const after = line.slice(end);
        if (inside[start] === true || KEYWORDS.has(name)) continue;
        if (/(->|::|(^|[^.])\.|@|#\s*|\d)$/.test(before) || /^\s*(\(|::|!)/.test(after)) continue;
        found.push({ name, span: { start, end } });
    }
    return found;
}

/** The first line, from 0, of the function that a line is in, by the looks of the source. */
export function functionStart(lines: readonly string[], at: number, language: string): number {
    const fn = language === "rust" || language === "zig" ? /^\s*(pub\b.*|export\b.*|const\b.*|async\b.*|unsafe\b.*|extern\b.*|inline\b.*|noinline\b.*)?\bfn\s+\w+/ : undefined;
    for (let line = Math.min(at, lines.length - 1); line > 0; line--) {
        const text = lines[line] ?? "";
        // C and C++: something at the margin that opens a function's braces here or in a following line.
        if (fn === undefined ? /^[A-Za-z_].*\(/.test(text) && !/;\s*$/.test(text) : fn.test(text)) return line;
    }
    return 0;
}
