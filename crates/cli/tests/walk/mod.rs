//! A guest's whole run, operator by operator, and where steps must land in it.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod log;
pub mod oracle;
pub mod random;
