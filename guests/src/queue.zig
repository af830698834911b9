//! Zig from outside: structs, slices, optionals, error unions, tagged unions, a generic queue. Prints to stderr.
const std = @import("std");

const Priority = enum(u8) { low = 1, normal = 5, urgent = 9 };

const Payload = union(enum) {
    nothing,
    number: i64,
    text: []const u8,
    point: struct { x: f32, y: f32 },
};

const Job = struct {
    id: u32,
    priority: Priority,
    payload: Payload,
    parent: ?u32 = null,
    retries: u3 = 0,
    done: bool = false,
};

const QueueError = error{ Full, Empty };

fn Queue(comptime T: type, comptime capacity: usize) type {
    return struct {
        const Self = @This();
        items: [capacity]T = undefined,
        head: usize = 0,
        len: usize = 0,

        fn push(self: *Self, item: T) QueueError!void {
            if (self.len == capacity) return error.Full; // #full
            const tail = (self.head + self.len) % capacity;
            self.items[tail] = item; // #push
            self.len += 1;
        }

        fn pop(self: *Self) ?T {
            if (self.len == 0) return null; // #empty
            const item = self.items[self.head];
            self.head = (self.head + 1) % capacity; // #pop
            self.len -= 1;
            return item;
        }
    };
}

var handled: usize = 0;

noinline fn weigh(job: *const Job) i64 {
    const base: i64 = @intFromEnum(job.priority);
    const weight = switch (job.payload) {
        .nothing => base,
        .number => |number| base + number, // #weigh-number
        .text => |text| base + @as(i64, @intCast(text.len)), // #weigh-text
        .point => |point| base + @as(i64, @intFromFloat(point.x * point.y)), // #weigh-point
    };
    handled += 1;
    return weight; // #weigh-end
}

noinline fn sum(values: []const i64) i64 {
    var total: i64 = 0;
    for (values, 0..) |value, index| {
        total += value * @as(i64, @intCast(index + 1)); // #sum-loop
    }
    return total; // #sum-end
}

const Bits = packed struct { low: u3, flag: bool, high: u12 };
const Number = union { int: i32, float: f32 };

fn half(n: u32) error{ Odd, Zero }!u32 {
    if (n == 0) return error.Zero;
    if (n % 2 == 1) return error.Odd;
    return n / 2;
}

fn check(fine: bool) QueueError!void {
    if (!fine) return error.Empty;
}

noinline fn forms(job: *const Job) usize {
    const some: ?u32 = job.id;
    const none: ?u32 = null;
    const deep: ??bool = @as(?bool, null);
    const pointer: ?*const Job = job;
    const no_pointer: ?*const Job = null;
    const good = half(10);
    const bad = half(7);
    const fine = check(true);
    const wrong = check(false);
    const problem: QueueError = error.Full;
    const maybe_text: ?[]const u8 = "maybe";
    const nested: ?Payload = .{ .number = 7 };
    const plain = Payload{ .text = "plain" };
    const bits = Bits{ .low = 5, .flag = true, .high = 0xabc };
    const number = Number{ .int = 7 };
    const terminated: [:0]const u8 = "zero";
    const many: [*]const u8 = terminated.ptr;
    const c_text: [*:0]const u8 = "see";
    const words = [_][]const u8{ "a", "b" };
    const points = [_]struct { x: i8, y: i8 }{ .{ .x = 1, .y = 2 }, .{ .x = 3, .y = 4 } };
    const unit = {};
    const function: *const fn (*const Job) i64 = weigh;
    std.mem.doNotOptimizeAway(.{ some, none, deep, pointer, no_pointer, good, bad, fine, wrong, problem }); // #forms
    std.mem.doNotOptimizeAway(.{ maybe_text, nested, plain, bits, number, terminated, many, c_text, words });
    std.mem.doNotOptimizeAway(.{ points, unit, function });
    return words.len;
}

pub fn main() void {
    var queue = Queue(Job, 4){}; // #main-start
    const jobs = [_]Job{
        .{ .id = 1, .priority = .low, .payload = .nothing },
        .{ .id = 2, .priority = .urgent, .payload = .{ .number = 40 }, .parent = 1 },
        .{ .id = 3, .priority = .normal, .payload = .{ .text = "zig" }, .retries = 5 },
        .{ .id = 4, .priority = .normal, .payload = .{ .point = .{ .x = 1.5, .y = 4 } }, .done = true },
        .{ .id = 5, .priority = .low, .payload = .nothing },
    };
    for (jobs) |job| {
        queue.push(job) catch |problem| {
            std.debug.print("job {d}: {s}\n", .{ job.id, @errorName(problem) }); // #push-failed
        };
    }
    var weights: [4]i64 = undefined;
    var count: usize = 0;
    while (queue.pop()) |job| {
        weights[count] = weigh(&job); // #weigh-call
        count += 1;
    }
    const slice = weights[1..count];
    const total = sum(slice); // #sum-call
    _ = forms(&jobs[1]);
    std.debug.print("handled {d}, total {d}\n", .{ handled, total }); // #main-end
}
