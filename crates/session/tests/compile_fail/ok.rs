//! What is allowed, all in one: if this doesn't compile, the other files say nothing.
use freezeframe_session::{Dbg, debug};

fn is_send<X: Send>(x: X) -> X {
    x
}

pub fn f() {
    let _session = async |mut store| {
        let session = debug(
            &mut store,
            async |_| 1,
            async |mut dbg: Dbg<()>| {
                dbg.next().await;
                let at = dbg.with(|stop| stop.frames().next()?.position().ok()).ok().flatten();
                dbg.next().await;
                at.map(|at| at.pc)
            },
        );
        is_send(session).await.map(drop)
    };
}
