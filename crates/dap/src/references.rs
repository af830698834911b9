//! The texts by which a client names places in memory and in code.
//!
//! A place in memory is `DEBUGGEE/INSTANCE/0xADDRESS`, which outlives frames and stops; a bare number is one of the guest that
//! stopped last. A place in code is a number: the offset in the module's binary, above it which binary.

use freezeframe_engine::{CodeId, DebuggeeId, InstanceId, ModulePc};

use crate::error::Failure;

/// A place in the memory of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryAt {
    /// Whose; `None`: of the guest that stopped last, where its code is.
    pub instance: Option<(DebuggeeId, InstanceId)>,
    /// The address.
    pub address: u64,
}

/// The text for a place in memory.
pub fn memory(debuggee: DebuggeeId, instance: InstanceId, address: u64) -> String {
    format!("{}/{}/{address:#x}", debuggee.0, instance.0)
}

/// Reads such a text.
///
/// # Errors
/// It's none.
pub fn parse_memory(text: &str) -> Result<MemoryAt, Failure> {
    let bad = || Failure::Arguments(format!("`{text}` is no reference to memory"));
    let mut parts = text.split('/');
    let parts = [parts.next(), parts.next(), parts.next(), parts.next()];
    match parts {
        [Some(address), None, None, None] => Ok(MemoryAt { instance: None, address: number(address).ok_or_else(bad)? }),
        [Some(debuggee), Some(instance), Some(address), None] => {
            let debuggee = DebuggeeId(debuggee.parse().map_err(|_| bad())?);
            let instance = InstanceId(instance.parse().map_err(|_| bad())?);
            Ok(MemoryAt { instance: Some((debuggee, instance)), address: number(address).ok_or_else(bad)? })
        }
        _ => Err(bad()),
    }
}

/// The text for a place in code.
pub fn code(code: CodeId, pc: ModulePc) -> String {
    format!("{:#x}", code.address(pc))
}

/// Reads such a text, with an offset in bytes.
///
/// # Errors
/// It's none.
pub fn parse_code(text: &str, offset: Option<i64>) -> Result<(CodeId, ModulePc), Failure> {
    let address = number(text).and_then(|address| address.checked_add_signed(offset.unwrap_or(0)));
    let bad = || Failure::Arguments(format!("`{text}` is no reference to an instruction"));
    Ok(CodeId::of_address(address.ok_or_else(bad)?))
}

/// A number as clients write addresses.
pub fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let at = MemoryAt { instance: Some((DebuggeeId(3), InstanceId(1))), address: 0xfff0 };
        assert_eq!(parse_memory(&memory(DebuggeeId(3), InstanceId(1), 0xfff0)).unwrap(), at);
        assert_eq!(parse_memory("16").unwrap(), MemoryAt { instance: None, address: 16 });
        for bad in ["", "x", "1/2", "1/2/3/4", "1/x/0x1", "-1"] {
            assert!(parse_memory(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_code(&code(CodeId(2), ModulePc(0x1f3)), Some(-3)).unwrap(), (CodeId(2), ModulePc(0x1f0)));
        assert!(parse_code("0x1", Some(-2)).is_err());
    }
}
