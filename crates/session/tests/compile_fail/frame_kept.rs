//~ E0521
//! A frame, kept until after the guest has gone on.
use freezeframe_session::Dbg;

pub async fn f(mut dbg: Dbg<()>) {
    let mut kept = None;
    dbg.next().await;
    dbg.with(|stop| {
        #[cfg(not(fixed))]
        {
            kept = stop.frames().next();
        }
        #[cfg(fixed)]
        {
            kept = stop.frames().next().and_then(|frame| frame.locals().ok());
        }
    })
    .unwrap();
    dbg.next().await;
    drop(kept);
}
