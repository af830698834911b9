;; Valid with the stack-switching proposal, refused by an engine that hasn't switched it on: the error is the test.
(module $unsupported
  (type $body (func))
  (type $continuation (cont $body))
  (func $task)
  (elem declare func $task)
  (func $start (export "_start")
    (resume $continuation (cont.new $continuation (ref.func $task)))))
