// Memory as text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressIn, hexdump } from "../../src/hexdump.js";

test("rows of sixteen bytes, with their addresses and letters", () => {
    const bytes = Buffer.from("\x01\0\0\0Ada~\x7f\xff and more", "latin1");
    const rows = hexdump(0xff30, bytes, 0).split("\n");
    assert.equal(rows[0], "0000ff30  01 00 00 00 41 64 61 7e  7f ff 20 61 6e 64 20 6d  ....Ada~.. and m");
    assert.equal(rows[1], `0000ff40  ${"6f 72 65".padEnd(48)}  ore`);
});

test("the end of the memory is said", () => {
    assert.match(hexdump(undefined, Buffer.from("ab"), 14), /^\+0000 {2}61 62 .* ab\n\(14 bytes more are outside of the memory\)\n$/);
});

test("the address of a reference", () => {
    assert.equal(addressIn("1/0/0xff30"), 0xff30);
    assert.equal(addressIn("16"), 16);
    assert.equal(addressIn("x"), undefined);
});
