//! The registers of x86-64 in a signal's context, and the stub.
//!
//! Why the `unsafe` here is sound:
//! * A context is what the kernel gave to a signal handler, valid and unshared until that returns. Its floating-point part
//!   is in the same frame, and as long as the kernel says in it: 512 bytes of `fxsave`, or, with the magic number in the
//!   reserved bytes at 464, the `xstate_size` there, with the header of `xsave` at 512.
//! * The stub is entered only by a handler that has set all that it uses; see [`Context::call`].

use std::ffi::c_void;

use libc::{REG_EFL, REG_RAX, REG_RBP, REG_RDI, REG_RDX, REG_RIP, REG_RSI, REG_RSP, ucontext_t};

use super::helper::Call;

/// What lies below the stack pointer and may be in use: the ABI's red zone. Cranelift uses none.
pub(crate) const RED_ZONE: usize = 128;

/// How far the address that a frame of a trapped function "returns to" is from its pc: whoever walks the stack looks one
/// byte before it.
pub(crate) const RETURN: usize = 1;

/// The general registers and the flags.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct General([i64; GENERAL]);

/// In the order of the kernel's context: r8 to r15, then the named ones up to the stack pointer, pc, flags. What follows
/// there (segments, the fault's own) belongs to the thread and the signal.
const GENERAL: usize = REG_EFL as usize + 1;

/// Calls what `rax` says; behind the call lies what brings us back.
#[unsafe(naked)]
unsafe extern "C" fn stub() {
    core::arch::naked_asm!("call rax", "ud2")
}

/// The length of the call.
const CALL: usize = 2;

/// Where the stub's call returns to: the trap that asks for the registers.
pub(crate) fn returns_to() -> usize {
    (stub as *const ()).addr() + CALL
}

/// The context of a signal.
pub(crate) struct Context<'c>(&'c mut ucontext_t);

impl Context<'_> {
    /// # Safety
    /// `context` is what the kernel gave to the handler that is running; nobody else uses it until this is dropped.
    pub(crate) unsafe fn new(context: *const c_void) -> Self {
        // SAFETY: the caller's promise; the kernel means it to be changed, for all that its type says here.
        Self(unsafe { &mut *context.cast_mut().cast() })
    }

    fn register(&self, index: i32) -> usize {
        self.0.uc_mcontext.gregs[index as usize] as usize
    }

    fn set(&mut self, index: i32, value: usize) {
        self.0.uc_mcontext.gregs[index as usize] = value as i64;
    }

    pub(crate) fn pc(&self) -> usize {
        self.register(REG_RIP)
    }

    pub(crate) fn sp(&self) -> usize {
        self.register(REG_RSP)
    }

    pub(crate) fn fp(&self) -> usize {
        self.register(REG_RBP)
    }

    pub(crate) fn general(&self) -> General {
        let mut general = General([0; GENERAL]);
        general.0.copy_from_slice(&self.0.uc_mcontext.gregs[..GENERAL]);
        general
    }

    pub(crate) fn set_general(&mut self, general: &General) {
        self.0.uc_mcontext.gregs[..GENERAL].copy_from_slice(&general.0);
    }

    /// How many bytes [`save_vectors`](Self::save_vectors) writes.
    pub(crate) fn vectors(&self) -> usize {
        let area = self.0.uc_mcontext.fpregs.cast::<u8>();
        if area.is_null() {
            return 0;
        }
        // SAFETY: the module's header; the reserved bytes are part of the 512.
        let [magic, _, _, _, size] = unsafe { area.add(RESERVED).cast::<[u32; 5]>().read_unaligned() };
        match magic {
            XSTATE_MAGIC => (size as usize).max(FXSAVE),
            _ => FXSAVE,
        }
    }

    /// Copies the floating-point and vector registers as the kernel has saved them.
    ///
    /// # Safety
    /// `to` has room for [`vectors`](Self::vectors) bytes.
    pub(crate) unsafe fn save_vectors(&self, to: *mut u8) {
        let size = self.vectors();
        // SAFETY: both sides are that long: the module's header, the caller's promise.
        unsafe { to.copy_from_nonoverlapping(self.0.uc_mcontext.fpregs.cast::<u8>(), size) };
    }

    /// Puts them back. The thread, and with it the size of this signal's area, may be another one: what both have room for
    /// is copied. Areas differ only in what lies behind the registers that WebAssembly's code uses (AMX).
    ///
    /// # Safety
    /// `from` has `size` bytes, written by [`save_vectors`](Self::save_vectors).
    pub(crate) unsafe fn load_vectors(&mut self, from: *const u8, size: usize) {
        let size = size.min(self.vectors());
        if size == 0 {
            return;
        }
        let area = self.0.uc_mcontext.fpregs.cast::<u8>();
        // SAFETY: both have `size` bytes. The reserved ones describe this area and stay.
        unsafe {
            area.copy_from_nonoverlapping(from, RESERVED.min(size));
            if size > FXSAVE {
                area.add(FXSAVE).copy_from_nonoverlapping(from.add(FXSAVE), size - FXSAVE);
            }
        }
    }

    /// Points the thread to the stub, with the stack and the frame pointer at `stack`, to make `call` with `stack` as its
    /// argument. Cranelift's calling convention passes the callee's context, the caller's and the argument as the System V
    /// ABI its first three; both want the stack aligned to 16 at a call and the direction flag clear.
    pub(crate) fn call(&mut self, stack: usize, call: &Call) {
        self.set(REG_RIP, (stub as *const ()).addr());
        self.set(REG_RSP, stack);
        self.set(REG_RBP, stack);
        self.set(REG_RAX, call.entry);
        self.set(REG_RDI, call.callee);
        self.set(REG_RSI, call.caller);
        self.set(REG_RDX, stack);
        const DIRECTION: usize = 1 << 10;
        self.set(REG_EFL, self.register(REG_EFL) & !DIRECTION);
    }
}

/// Where the reserved bytes of the `fxsave` area begin that the kernel describes the whole area in.
const RESERVED: usize = 464;
/// The size of an `fxsave` area.
const FXSAVE: usize = 512;
/// `FP_XSTATE_MAGIC1`.
const XSTATE_MAGIC: u32 = 0x4650_5853;

#[cfg(test)]
mod tests {
    use super::*;

    /// The argument for [`returns_to`]: the instruction there is the trap, right behind the call.
    #[test]
    fn the_stub_is_a_call_and_a_trap() {
        let start = stub as *const u8;
        // SAFETY: four bytes of our own code.
        let bytes = unsafe { start.cast::<[u8; 4]>().read_unaligned() };
        assert_eq!(bytes, [0xff, 0xd0, 0x0f, 0x0b]);
        assert_eq!(returns_to(), start.addr() + 2);
    }
}
