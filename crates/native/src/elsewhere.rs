//! Platforms where traps aren't caught: the same names, and one clear error.

use std::{convert::Infallible, sync::Arc};

use wasmtime::{Engine, Module, Store, component::Component};

use crate::{NotNative, OnFault};

/// See the other platforms.
#[derive(Clone, Debug)]
pub struct Code(Infallible);

impl Code {
    /// # Errors
    /// [`NotNative::Platform`].
    pub fn of_module(_: &Module) -> Result<Self, NotNative> {
        Err(NotNative::Platform)
    }

    /// # Errors
    /// [`NotNative::Platform`].
    pub fn of_component(_: &Component) -> Result<Self, NotNative> {
        Err(NotNative::Platform)
    }
}

/// See the other platforms.
#[derive(Debug)]
pub struct Armed(Infallible);

impl Armed {
    /// Never called.
    pub fn register(&self, _: &Code) {
        match self.0 {}
    }

    /// Never called.
    pub fn cramped(&self) -> u64 {
        match self.0 {}
    }
}

/// # Errors
/// [`NotNative::Platform`].
pub async fn arm<T: Send + 'static>(_: &mut Store<T>, _: Arc<OnFault<T>>) -> Result<Armed, NotNative> {
    Err(NotNative::Platform)
}

/// # Errors
/// [`NotNative::Platform`].
pub async fn arm_sync<T: Send + 'static>(_: &mut Store<T>, _: Arc<OnFault<T>>) -> Result<Armed, NotNative> {
    Err(NotNative::Platform)
}

/// # Errors
/// [`NotNative::Platform`].
pub async fn check(_: &Engine) -> Result<(), NotNative> {
    Err(NotNative::Platform)
}
