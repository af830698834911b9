//! Values of the engine, as a client is told of them.

use freezeframe_engine::{DebuggeeId, Format, InstanceId, Limits, Node, NodeKind, ValueOptions};

use crate::{protocol::types as dap, references};

/// How much of a value is shown on its line.
const LINE: Limits = Limits { depth: 2, elements: 10, text: 200 };
/// How much of it is copied.
const WHOLE: Limits = Limits { depth: 12, elements: 1000, text: 64 << 10 };

/// How values are to be shown.
pub fn options(format: Option<&dap::ValueFormat>) -> ValueOptions {
    let hex = format.is_some_and(|format| format.hex == Some(true));
    ValueOptions { format: if hex { Format::Hex } else { Format::Natural }, limits: LINE, raw: false }
}

/// How a value is to be shown that is copied.
pub fn whole(options: ValueOptions) -> ValueOptions {
    ValueOptions { limits: WHOLE, ..options }
}

/// Whose memory the addresses of values are in.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Of this guest.
    pub debuggee: DebuggeeId,
    /// Of this instance, if it's known.
    pub instance: Option<InstanceId>,
}

impl Memory {
    /// The reference to an address.
    pub fn reference(self, address: Option<u64>) -> Option<String> {
        Some(references::memory(self.debuggee, self.instance?, address?))
    }
}

/// The number to expand a node by; 0 if there's nothing in it.
pub fn reference(node: &Node) -> i64 {
    if node.named + node.indexed == 0 { 0 } else { i64::from(node.handle.0) }
}

/// A count as the protocol has it; nothing for none.
pub fn count(count: u64) -> Option<i64> {
    (count > 0).then(|| i64::try_from(count).unwrap_or(i64::MAX).min(i64::from(i32::MAX)))
}

/// What a node is, for a symbol beside it.
pub fn hint(node: &Node) -> Option<dap::VariablePresentationHint> {
    let (kind, visibility) = match node.kind {
        NodeKind::Raw => ("virtual", Some("internal")),
        NodeKind::Words => ("virtual", None),
        _ => ("data", None),
    };
    let fixed = matches!(node.kind, NodeKind::Scalar | NodeKind::Pointer | NodeKind::Words) && !node.settable;
    Some(dap::VariablePresentationHint {
        kind: Some(kind.to_owned()),
        visibility: visibility.map(str::to_owned),
        attributes: fixed.then(|| vec!["readOnly".to_owned()]),
        lazy: None,
    })
}

/// A node.
pub fn variable(node: Node, memory: Memory) -> dap::Variable {
    dap::Variable {
        variables_reference: reference(&node),
        named_variables: count(node.named),
        indexed_variables: count(node.indexed),
        memory_reference: memory.reference(node.memory),
        presentation_hint: hint(&node),
        r#type: Some(node.type_name).filter(|name| !name.is_empty()),
        evaluate_name: node.evaluate_name,
        name: node.name,
        value: node.text,
        ..dap::Variable::default()
    }
}

/// Something that is no variable of the guest's.
pub fn fact(name: impl Into<String>, value: impl Into<String>) -> dap::Variable {
    dap::Variable { name: name.into(), value: value.into(), ..dap::Variable::default() }
}
