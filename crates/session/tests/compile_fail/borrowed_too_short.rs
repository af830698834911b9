//~ E0597
//! A debugger that borrows something which is gone before the session is.
use freezeframe_session::{Dbg, debug};

pub fn f() {
    let _session = async |mut store| {
        #[cfg(fixed)]
        let log = String::from("log");
        let session = {
            #[cfg(not(fixed))]
            let log = String::from("log");
            let log = &log;
            debug(&mut store, async |_| 1, async move |_dbg: Dbg<()>| log.len())
        };
        session.await.map(drop)
    };
}
