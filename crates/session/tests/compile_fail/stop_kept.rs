//~ E0521
//! The stop itself, kept.
use freezeframe_session::Dbg;

pub fn f(dbg: &Dbg<()>) {
    let mut kept = None;
    dbg.with(|stop| {
        #[cfg(not(fixed))]
        {
            kept = Some(stop);
        }
        #[cfg(fixed)]
        {
            kept = Some(stop.depth());
        }
    })
    .unwrap();
    drop(kept);
}
