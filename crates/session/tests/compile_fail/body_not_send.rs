//~ cannot be sent between threads safely
//! A session whose body isn't `Send` isn't `Send` either, so that no other thread can go on with it.
use freezeframe_session::{Dbg, debug};

#[cfg(not(fixed))]
fn is_send<X: Send>(x: X) -> X {
    x
}

#[cfg(fixed)]
fn is_send<X>(x: X) -> X {
    x
}

pub fn f() {
    let _session = async |mut store| {
        let body = async |_: &mut _| {
            let here = std::rc::Rc::new(1);
            std::future::ready(()).await;
            drop(here);
        };
        let session = debug(&mut store, body, async |_dbg: Dbg<()>| ());
        is_send(session).await.map(drop)
    };
}
