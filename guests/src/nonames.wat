;; Neither DWARF nor names: as a stripped module. The same program as `nodebug.wat`, by index.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global (mut i32) (i32.const 0))
  (data (i32.const 64) "twice: 42\n")

  (func (param i32) (result i32)
    (local i32)
    (global.set 0 (i32.add (global.get 0) (i32.const 1)))
    (local.set 1 (i32.mul (local.get 0) (i32.const 2)))
    (local.get 1))

  (func (param i32 i32)
    (i32.store (i32.const 0) (local.get 0))
    (i32.store (i32.const 4) (local.get 1))
    (drop (call 0 (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  (func (export "_start")
    (if (i32.eq (call 1 (i32.const 21)) (i32.const 42))
      (then (call 2 (i32.const 64) (i32.const 10))))))
