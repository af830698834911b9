// What a hover asks for, and which words get values at the end of a line.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expressionAt, functionStart, variablesOn } from "../../src/expressions.js";

/** `line` has ^ before the column that the mouse is at. */
function hovered(line: string): string | undefined {
    const column = line.indexOf("^");
    const text = line.slice(0, column) + line.slice(column + 1);
    const span = expressionAt(text, column);
    return span && text.slice(span.start, span.end);
}

test("a hover takes the whole path up to the name under the mouse", () => {
    const table: [string, string | undefined][] = [
        ["  int cents = item->^quantity * item->cents;", "item->quantity"],
        ["  int cents = ^item->quantity * item->cents;", "item"],
        ["  x = order->items[i].ce^nts;", "order->items[i].cents"],
        ["  x = order->it^ems[i].cents;", "order->items"],
        ["  x = order->items[^i].cents;", "i"],
        ["  x = grid[1][j + 2].^y;", "grid[1][j + 2].y"],
        ["  x = shop::orders[0].^id;", "shop::orders[0].id"],
        ["  x = shop::^price;", "shop::price"],
        ["  for value in self.ro^ws {", "self.rows"],
        ["  let x = pair.^1;", "pair.1"],
        ["  for i in 0..le^n {", "len"],
        ["  number = 1^2;", undefined],
        ["  float x = 1.2^5;", undefined],
        ["  total = pri^ce(order);", undefined],
        ["  total = next(order).to^tal;", undefined],
        ["  total = orders[next()].to^tal;", undefined],
        ["  total = orders[i = 1].to^tal;", undefined],
        ["  println^!(\"{x}\");", undefined],
        ["  say(\"order->to^tal\");", undefined],
        ["  x = 1; // order->to^tal", undefined],
        ["  fn row<'a>(&'a self, in^dex: usize) {", "index"],
        ["  x ^= 1;", undefined],
        ["  x = straße.län^ge;", "straße.länge"],
        ["  x = ].to^tal;", undefined],
    ];
    for (const [line, expected] of table) assert.equal(hovered(line), expected, line);
});

test("a column beyond the line has no expression", () => {
    assert.equal(expressionAt("x", 1), undefined);
    assert.equal(expressionAt("", 0), undefined);
});

test("variables are told from types' keywords, fields, functions, texts and comments", () => {
    const names = (line: string): string[] => variablesOn(line).map(({ name }) => name);
    assert.deepEqual(names("    int cents = item->quantity * rate[i]; // the price"), ["cents", "item", "rate", "i"]);
    assert.deepEqual(names('    println!("{sum} of {}", items.len());'), ["items"]);
    assert.deepEqual(names("    for &value in values {"), ["value", "values"]);
    assert.deepEqual(names("    let x = 0x1f + 1e5 + std::env::args().count;"), ["x"]);
    assert.deepEqual(names("    for i in start..end {"), ["i", "start", "end"]);
    const [first] = variablesOn("  sum += cents;");
    assert.deepEqual(first, { name: "sum", span: { start: 2, end: 5 } });
});

test("values are shown from the beginning of the function that the stop is in", () => {
    const c = ["#include <stdio.h>", "int before(int a) {", "  return a;", "}", "", "static int price(struct Order *order,", "                 int x)", "{", "  int sum = 0;", "  sum++;"];
    assert.equal(functionStart(c, 9, "c"), 5);
    assert.equal(functionStart(c, 2, "c"), 1);
    const rust = ["struct A;", "impl A {", "    #[inline(never)]", "    pub fn row(&self) -> u32 {", "        let x = 1;", "        x", "    }", "}"];
    assert.equal(functionStart(rust, 5, "rust"), 3);
    assert.equal(functionStart([], 0, "c"), 0);
});
