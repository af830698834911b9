;; Valid, but nobody provides its import: instantiating it must fail with an error that names `app.telephone`.
(module $missing_import
  (import "app" "telephone" (func $telephone (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $start (export "_start")
    (drop (call $telephone (i32.const 112)))))
