// Memory as text. Knows nothing of VS Code.

const ROW = 16;

/** Rows of an address, sixteen bytes in hexadecimal and what of them is ASCII; what can't be read is said at the end. */
export function hexdump(address: number | undefined, bytes: Uint8Array, unreadable: number): string {
    const rows: string[] = [];
    for (let at = 0; at < bytes.length; at += ROW) {
        const row = [...bytes.subarray(at, at + ROW)];
        const hex = row.map((byte) => byte.toString(16).padStart(2, "0"));
        const halves = [hex.slice(0, ROW / 2).join(" "), hex.slice(ROW / 2).join(" ")].join("  ");
        const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
        const where = address === undefined ? `+${at.toString(16).padStart(4, "0")}` : (address + at).toString(16).padStart(8, "0");
        rows.push(`${where}  ${halves.padEnd(ROW * 3)}  ${text}`);
    }
    if (unreadable > 0) rows.push(`(${unreadable} bytes more are outside of the memory)`);
    return `${rows.join("\n")}\n`;
}

/** The address in a reference to memory, such as `1/0/0xff30`. */
export function addressIn(reference: string): number | undefined {
    const address = Number(reference.split("/").at(-1));
    return Number.isSafeInteger(address) && address >= 0 ? address : undefined;
}
