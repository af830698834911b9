//~ cannot be sent between threads safely
//! A debugger that isn't `Send`: the guest's handler may poll it on any thread.
use freezeframe_session::{Dbg, debug};

pub fn f() {
    let _session = async |mut store| {
        let session = debug(
            &mut store,
            async |_| 1,
            async |mut dbg: Dbg<()>| {
                #[cfg(not(fixed))]
                let shared = std::rc::Rc::new(1);
                #[cfg(fixed)]
                let shared = std::sync::Arc::new(1);
                dbg.next().await;
                drop(shared);
            },
        );
        session.await.map(drop)
    };
}
