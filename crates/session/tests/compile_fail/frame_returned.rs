//~ lifetime may not live long enough
//! A frame, given out by `with`.
use freezeframe_session::Dbg;

pub fn f(dbg: &Dbg<()>) {
    #[cfg(not(fixed))]
    let _frames = dbg.with(|stop| stop.frames());
    #[cfg(fixed)]
    let _frames = dbg.with(|stop| stop.frames().count());
}
