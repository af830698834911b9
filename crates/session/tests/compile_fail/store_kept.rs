//~ E0521
//! The store of a stop, kept until after the guest has gone on.
use freezeframe_session::Dbg;

pub async fn f(mut dbg: Dbg<u32>) {
    let mut kept = None;
    dbg.next().await;
    dbg.with(|stop| {
        #[cfg(not(fixed))]
        {
            kept = Some(stop.store());
        }
        #[cfg(fixed)]
        {
            kept = Some(*stop.store().data());
        }
    })
    .unwrap();
    dbg.next().await;
    drop(kept);
}
