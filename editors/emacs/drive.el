;;; drive.el --- Emacs with dap-mode drives a whole scenario in batch  -*- lexical-binding: t -*-

;; emacs --batch -l editors/emacs/drive.el, in the root of the repository after `cargo build --release'.
;; Sets a breakpoint in C source, launches, looks at the stack and at values, changes one, steps, and runs to the end.

(setq load-prefer-newer t)
(require 'dap-mode)
(require 'dap-ui nil t)

(defvar drive-root (expand-file-name default-directory))
(defvar drive-stopped 0)
(defvar drive-ended nil)
(defvar drive-frame nil)

(setq dap-breakpoints-file (make-temp-file "dap-breakpoints")
      dap-print-io nil
      dap-auto-show-output nil
      lsp-restart 'ignore)

(dap-register-debug-provider
 "wasm"
 (lambda (conf)
   (plist-put conf :dap-server-path (list (expand-file-name "target/release/freezeframe" drive-root) "dap"))))

(add-hook 'dap-stopped-hook (lambda (_) (setq drive-stopped (1+ drive-stopped))))
(add-hook 'dap-stack-frame-changed-hook
          (lambda (session) (setq drive-frame (dap--debug-session-active-frame session))))
(add-hook 'dap-terminated-hook (lambda (_) (setq drive-ended t)))

(defun drive-wait (what done)
  "Wait until DONE gives something, for WHAT."
  (let ((deadline (+ (float-time) 60)))
    (while (not (funcall done))
      (when (> (float-time) deadline) (error "No %s" what))
      (accept-process-output nil 0.05))))

(defun drive-ask (command arguments)
  "Ask COMMAND with ARGUMENTS, and give the body of the answer."
  (let ((answer nil))
    (dap--send-message (dap--make-request command arguments)
                       (lambda (response) (setq answer (or response t)))
                       (dap--cur-session))
    (drive-wait command (lambda () answer))
    (gethash "body" answer)))

(defun drive-evaluate (expression)
  "The value of EXPRESSION in the innermost frame."
  (gethash "result" (drive-ask "evaluate" (list :expression expression
                                                :frameId (gethash "id" drive-frame)
                                                :context "repl"))))

(defun drive-expect (what got wanted)
  "Fail unless GOT is WANTED, which is WHAT."
  (if (equal got wanted) (message "%s: %s" what got)
    (message "FAILED: %s is %S and not %S" what got wanted)
    (kill-emacs 1)))

(find-file (expand-file-name "guests/src/orders.c" drive-root))
(goto-char (point-min))
(search-forward "// #price-total")
(defvar drive-line (line-number-at-pos))
(dap-breakpoint-add)

(dap-debug (list :type "wasm" :request "launch" :name "orders"
                 :program (expand-file-name "guests/built/orders.O0.dwarf5.wasm" drive-root)
                 :cwd drive-root))
(drive-wait "stop" (lambda () (and (= drive-stopped 1) drive-frame)))
(drive-expect "function" (gethash "name" drive-frame) "price")
(drive-expect "line" (gethash "line" drive-frame) drive-line)
(drive-expect "sum" (drive-evaluate "sum") "730")
(drive-expect "sum, changed" (drive-evaluate "sum = 1000") "1000")
(setq drive-frame nil)
(dap-next (dap--cur-session))
(drive-wait "step" (lambda () (and (= drive-stopped 2) drive-frame)))
(drive-expect "order->total" (drive-evaluate "order->total") "1000")
(dap-breakpoint-delete-all)
(dap-continue (dap--cur-session) (dap--debug-session-thread-id (dap--cur-session)))
(drive-wait "end" (lambda () drive-ended))
(message "dap-mode drove it to its end")
(kill-emacs 0)
