;; A library without `_start` and without imports: its exports are called one by one.
(module $invoke
  (memory $memory (export "memory") 1)
  (global $calls (export "calls") (mut i64) (i64.const 0))

  (func $add (export "add") (param $a i32) (param $b i32) (result i32)
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (i32.add (local.get $a) (local.get $b)))

  (func $fib (export "fib") (param $n i32) (result i64)
    (if (result i64) (i32.lt_u (local.get $n) (i32.const 2))
      (then (i64.extend_i32_u (local.get $n)))
      (else
        (i64.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func $divide (export "divide") (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b)))

  (func $types (export "types") (param $i i32) (param $l i64) (param $f f32) (param $d f64) (param $v v128)
    (result i32 i64 f32 f64 v128)
    (local.get $i) (local.get $l) (local.get $f) (local.get $d) (local.get $v)))
