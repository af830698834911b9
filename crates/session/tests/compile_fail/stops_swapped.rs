//~ E0521
//! The stops of two sessions, swapped: each would outlive its own.
use freezeframe_session::Dbg;

pub fn f(one: &Dbg<()>, two: &Dbg<()>) {
    let _ = one.with(|one| {
        let _ = two.with(|two| {
            #[cfg(not(fixed))]
            std::mem::swap(one, two);
            #[cfg(fixed)]
            {
                std::mem::swap(one.store().data_mut(), two.store().data_mut());
            }
        });
    });
}
