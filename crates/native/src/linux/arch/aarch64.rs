//! The registers of aarch64 in a signal's context, and the stub.
//!
//! Written after x86-64's and the kernel's documentation (`Documentation/arch/arm64/`), and not run yet.
//!
//! Why the `unsafe` here is sound:
//! * A context is what the kernel gave to a signal handler, valid and unshared until that returns. Behind the flags it has
//!   a list of records, each beginning with a magic number and its size and ended by zeros, in 4096 bytes aligned to 16.
//!   The vector registers are in the record `FPSIMD_MAGIC`, which is always there.
//! * Cranelift uses no registers of SVE: where the kernel has those, the low halves come from that record all the same.
//! * The stub is entered only by a handler that has set all that it uses; see [`Context::call`].

use std::ffi::c_void;

use libc::ucontext_t;

use super::helper::Call;

/// What lies below the stack pointer and may be in use: Linux has no red zone there.
pub(crate) const RED_ZONE: usize = 0;

/// How far the address that a frame of a trapped function "returns to" is from its pc: whoever walks the stack looks one
/// byte before it.
pub(crate) const RETURN: usize = 1;

/// The general registers, the stack pointer, the pc and the flags.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct General {
    regs: [u64; 31],
    sp: u64,
    pc: u64,
    pstate: u64,
}

/// Calls what `x16` says; behind the call lies what brings us back.
#[unsafe(naked)]
unsafe extern "C" fn stub() {
    core::arch::naked_asm!("blr x16", "udf #0")
}

/// The length of the call.
const CALL: usize = 4;

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

    pub(crate) fn pc(&self) -> usize {
        self.0.uc_mcontext.pc as usize
    }

    pub(crate) fn sp(&self) -> usize {
        self.0.uc_mcontext.sp as usize
    }

    pub(crate) fn fp(&self) -> usize {
        self.0.uc_mcontext.regs[29] as usize
    }

    pub(crate) fn general(&self) -> General {
        let context = &self.0.uc_mcontext;
        General { regs: context.regs, sp: context.sp, pc: context.pc, pstate: context.pstate }
    }

    pub(crate) fn set_general(&mut self, general: &General) {
        let context = &mut self.0.uc_mcontext;
        context.regs = general.regs;
        (context.sp, context.pc, context.pstate) = (general.sp, general.pc, general.pstate);
    }

    /// The vector registers with their status and control: what follows the head of their record.
    fn record(&self) -> Option<*mut u8> {
        let flags = &raw const self.0.uc_mcontext.pstate;
        let mut at = flags.wrapping_add(1).cast::<u8>().cast_mut();
        at = at.wrapping_add(at.align_offset(16));
        let mut left = RECORDS;
        while left >= HEAD {
            // SAFETY: the module's header; `left` counts what there is.
            let [magic, size] = unsafe { at.cast::<[u32; 2]>().read_unaligned() };
            let size = size as usize;
            match magic {
                FPSIMD_MAGIC if size >= HEAD + VECTORS => return Some(at.wrapping_add(HEAD)),
                0 => return None,
                _ if size < HEAD || size > left => return None,
                _ => {
                    at = at.wrapping_add(size);
                    left -= size;
                }
            }
        }
        None
    }

    /// How many bytes [`save_vectors`](Self::save_vectors) writes.
    pub(crate) fn vectors(&self) -> usize {
        if self.record().is_some() { VECTORS } else { 0 }
    }

    /// Copies the vector registers as the kernel has saved them.
    ///
    /// # Safety
    /// `to` has room for [`vectors`](Self::vectors) bytes.
    pub(crate) unsafe fn save_vectors(&self, to: *mut u8) {
        if let Some(from) = self.record() {
            // SAFETY: the record is that long, and so is the caller's room.
            unsafe { to.copy_from_nonoverlapping(from, VECTORS) };
        }
    }

    /// Puts them back.
    ///
    /// # Safety
    /// `from` has `size` bytes, written by [`save_vectors`](Self::save_vectors).
    pub(crate) unsafe fn load_vectors(&mut self, from: *const u8, size: usize) {
        if let Some(to) = self.record().filter(|_| size == VECTORS) {
            // SAFETY: as in `save_vectors`.
            unsafe { to.copy_from_nonoverlapping(from, VECTORS) };
        }
    }

    /// Points the thread to the stub, with the stack and the frame pointer at `stack`, to make `call` with `stack` as its
    /// argument. Cranelift's calling convention for WebAssembly (`CallConv::Tail`) leaves the first two registers of AAPCS64 out:
    /// the callee's context, the caller's and the argument come in the three after them. It wants the stack aligned to 16.
    pub(crate) fn call(&mut self, stack: usize, call: &Call) {
        let context = &mut self.0.uc_mcontext;
        context.pc = (stub as *const ()).addr() as u64;
        context.sp = stack as u64;
        context.regs[29] = stack as u64;
        context.regs[16] = call.entry as u64;
        context.regs[2] = call.callee as u64;
        context.regs[3] = call.caller as u64;
        context.regs[4] = stack as u64;
    }
}

const FPSIMD_MAGIC: u32 = 0x4650_8001;
/// A record's magic number and size.
const HEAD: usize = 8;
/// `fpsr`, `fpcr` and 32 registers of 16 bytes.
const VECTORS: usize = 8 + 32 * 16;
/// The room for records.
const RECORDS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    /// The argument for [`returns_to`]: the instruction there is the trap, right behind the call.
    #[test]
    fn the_stub_is_a_call_and_a_trap() {
        let start = stub as *const u8;
        // SAFETY: eight bytes of our own code.
        let words = unsafe { start.cast::<[u32; 2]>().read_unaligned() };
        assert_eq!(words, [0xd63f_0200, 0]);
        assert_eq!(returns_to(), start.addr() + 4);
    }
}
