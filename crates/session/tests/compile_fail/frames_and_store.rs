//~ E0499
//! Frames in use while the store may be changed.
use freezeframe_session::Dbg;

pub fn f(dbg: &Dbg<()>) {
    let _ = dbg.with(|stop| {
        let frames = stop.frames();
        #[cfg(fixed)]
        let count = frames.count();
        let _ = stop.store().data_mut();
        #[cfg(not(fixed))]
        let count = frames.count();
        count
    });
}
