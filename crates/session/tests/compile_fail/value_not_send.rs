//~ E0277
//! A debugger whose value isn't `Send`.
use freezeframe_session::{Dbg, debug};

pub fn f() {
    let _session = async |mut store| {
        let session = debug(
            &mut store,
            async |_| 1,
            async |_dbg: Dbg<()>| {
                #[cfg(not(fixed))]
                let value = std::rc::Rc::new(1);
                #[cfg(fixed)]
                let value = std::sync::Arc::new(1);
                value
            },
        );
        session.await.map(drop)
    };
}
