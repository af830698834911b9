//! Memory, in bytes.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use freezeframe_engine::{DebuggeeId, EngineError, InstanceId};

use super::{Ctx, evaluate::place, variables::invalidate};
use crate::{
    error::Failure,
    protocol::types as dap,
    references::{self, parse_memory},
};

/// How much is read at once, in bytes: as base64 it must fit into a message.
const MOST: u64 = 8 << 20;

/// The place that a reference and an offset name; `None` before the memory's begin.
fn place_of(
    ctx: &mut Ctx<'_>,
    reference: &str,
    offset: Option<i64>,
) -> Result<(DebuggeeId, InstanceId, Option<u64>), Failure> {
    let at = parse_memory(reference)?;
    let (debuggee, instance) = match at.instance {
        Some(place) => place,
        None => {
            let (debuggee, frame) = place(ctx, None)?;
            (debuggee, ctx.world.debugger.instance(debuggee, frame)?)
        }
    };
    Ok((debuggee, instance, at.address.checked_add_signed(offset.unwrap_or(0))))
}

/// Reads.
pub fn read(ctx: &mut Ctx<'_>, arguments: dap::ReadMemoryArguments) -> Result<dap::ReadMemoryResponseBody, Failure> {
    let (debuggee, instance, address) = place_of(ctx, &arguments.memory_reference, arguments.offset)?;
    let wanted = u64::try_from(arguments.count).unwrap_or(0);
    let Some(address) = address else {
        return Ok(dap::ReadMemoryResponseBody {
            address: "0x0".to_owned(),
            data: None,
            unreadable_bytes: Some(arguments.count.min(arguments.offset.unwrap_or(0).saturating_neg())),
        });
    };
    let bytes = match wanted {
        // Clients ask so whether there's memory at all.
        0 => Vec::new(),
        wanted => readable(ctx, debuggee, instance, address, wanted.min(MOST))?,
    };
    let missing = if wanted > MOST { 0 } else { wanted - (bytes.len() as u64).min(wanted) };
    Ok(dap::ReadMemoryResponseBody {
        address: format!("{address:#x}"),
        data: (!bytes.is_empty()).then(|| BASE64.encode(&bytes)),
        unreadable_bytes: (missing > 0).then(|| i64::try_from(missing).unwrap_or(i64::MAX)),
    })
}

/// What of some bytes lies in the memory: nothing, beyond its end.
fn readable(
    ctx: &mut Ctx<'_>,
    debuggee: DebuggeeId,
    instance: InstanceId,
    address: u64,
    length: u64,
) -> Result<Vec<u8>, Failure> {
    match ctx.world.debugger.read_instance_memory(debuggee, instance, address, length) {
        Ok(bytes) => Ok(bytes),
        Err(EngineError::Unavailable(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Writes.
pub fn write(ctx: &mut Ctx<'_>, arguments: dap::WriteMemoryArguments) -> Result<dap::WriteMemoryResponseBody, Failure> {
    let (debuggee, instance, address) = place_of(ctx, &arguments.memory_reference, arguments.offset)?;
    let address = address.ok_or_else(|| Failure::Arguments("the offset leads before the memory's begin".to_owned()))?;
    let bytes = BASE64.decode(&arguments.data).map_err(|e| Failure::Arguments(format!("`data` is no base64: {e}")))?;
    let mut count = bytes.len();
    if arguments.allow_partial == Some(true) {
        // As much as lies inside of the memory.
        count = readable(ctx, debuggee, instance, address, bytes.len() as u64)?.len();
    }
    let debugger = &mut ctx.world.debugger;
    debugger.write_instance_memory(debuggee, instance, address, bytes.into_iter().take(count).collect())?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let event =
        dap::MemoryEventBody { memory_reference: references::memory(debuggee, instance, address), offset: 0, count };
    ctx.others_who(|about| about.supports_memory_event == Some(true), &event);
    invalidate(ctx, debuggee);
    Ok(dap::WriteMemoryResponseBody { bytes_written: Some(count), offset: None })
}
