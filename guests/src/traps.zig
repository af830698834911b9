//! Traps in Zig: an index out of bounds, or with an argument a division by zero. Its own panic, which only traps: small.
const std = @import("std");

pub const panic = std.debug.no_panic;

const Row = struct { id: u32, marks: [3]u16 };

/// What the optimiser doesn't know.
var unknown: usize = 3;

fn now() usize {
    return @as(*volatile usize, &unknown).*;
}

noinline fn mark(rows: []const Row, index: usize) u32 {
    const row = rows[index]; // #index
    return row.id + row.marks[0];
}

fn share(whole: u32, parts: usize) u32 {
    const divisor: u32 = @intCast(parts);
    return whole / divisor; // #share
}

noinline fn count(rows: []Row, how: usize) u32 {
    const last = now();
    rows[0].id += @intCast(how);
    if (how > 1) return share(rows[0].id, now() - last); // #share-call
    return mark(rows, last) + rows[0].id; // #index-call
}

pub export fn _start() callconv(.c) void {
    var arguments: usize = 0;
    var size: usize = 0;
    _ = std.os.wasi.args_sizes_get(&arguments, &size);
    var rows = [_]Row{
        .{ .id = 7, .marks = .{ 1, 2, 3 } },
        .{ .id = 8, .marks = .{ 4, 5, 6 } },
        .{ .id = 9, .marks = .{ 7, 8, 9 } },
    };
    const total = count(&rows, arguments); // #main-call
    std.mem.doNotOptimizeAway(total);
}
