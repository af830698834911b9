//~ E0502
//! The store, used by the debugger behind the session's back.
use freezeframe_session::{Dbg, debug};

pub fn f() {
    let _session = async |mut store| {
        let session = debug(
            &mut store,
            async |_| 1,
            async |dbg: Dbg<u32>| {
                #[cfg(not(fixed))]
                let data = *store.data();
                #[cfg(fixed)]
                let data = dbg.with(|stop| *stop.store().data()).unwrap_or(0);
                drop(dbg);
                data
            },
        );
        session.await.map(drop)
    };
}
