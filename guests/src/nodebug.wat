;; No DWARF, but a name section: a debugger shows Wasm frames, locals and globals by their names.
(module $nodebug
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory $heap (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (data (i32.const 64) "twice: 42\n")

  (func $double (param $n i32) (result i32)
    (local $result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (local.set $result (i32.mul (local.get $n) (i32.const 2)))
    (local.get $result))

  (func $print (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  (func $start (export "_start")
    (if (i32.eq (call $double (i32.const 21)) (i32.const 42))
      (then (call $print (i32.const 64) (i32.const 10))))))
