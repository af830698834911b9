//! Memories of instances, for views that outlive a frame.

use freezeframe_debuggee::{Answer, DebuggeeId, InstanceId, Query};

use crate::{Debugger, EngineError, StackFrame};

impl StackFrame {
    /// The instance that it runs in; `None` where the engine can't tell.
    pub fn instance(&self) -> Option<InstanceId> {
        self.instance
    }
}

impl Debugger {
    /// The instance whose memory is meant in a frame, or outside of any.
    ///
    /// # Errors
    /// [`EngineError::NoFrame`]; it must be stopped; a module without an instance.
    pub fn instance(&mut self, id: DebuggeeId, frame: Option<usize>) -> Result<InstanceId, EngineError> {
        let instance = self.context(id, frame)?.instance;
        instance.ok_or_else(|| EngineError::Expression("the module has no instance yet".to_owned()))
    }

    /// Reads a memory of an instance; shorter than asked for where it ends, at most 64 MiB.
    ///
    /// # Errors
    /// It must be stopped; no such memory.
    pub fn read_instance_memory(
        &mut self,
        id: DebuggeeId,
        instance: InstanceId,
        address: u64,
        length: u64,
    ) -> Result<Vec<u8>, EngineError> {
        match self.target(id)?.ask(Query::Memory { instance, memory: 0, address, length })? {
            Answer::Bytes(bytes) => Ok(bytes),
            _ => Err(EngineError::Internal("the answer to Memory is something else")),
        }
    }

    /// Writes to a memory of an instance, all of it or nothing.
    ///
    /// # Errors
    /// It must be stopped; no such memory, or a part that lies outside of it.
    pub fn write_instance_memory(
        &mut self,
        id: DebuggeeId,
        instance: InstanceId,
        address: u64,
        bytes: Vec<u8>,
    ) -> Result<(), EngineError> {
        self.target(id)?.write_memory(instance, 0, address, bytes)
    }
}
