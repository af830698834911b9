//! The platforms where it's done: POSIX signals, and a stub for each processor.
//!
//! `unsafe` lives in `arch` (a signal's registers), `code` (the image in memory), `hook` (the handler), `saved` (the frame on
//! the guest's stack) and `helper` (raw function references), each with its argument.

#[allow(unsafe_code)]
#[cfg_attr(target_arch = "x86_64", path = "arch/x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "arch/aarch64.rs")]
mod arch;
pub(crate) mod arm;
pub(crate) mod check;
#[allow(unsafe_code)]
pub(crate) mod code;
#[allow(unsafe_code)]
mod helper;
#[allow(unsafe_code)]
mod hook;
mod parked;
#[allow(unsafe_code)]
mod saved;
