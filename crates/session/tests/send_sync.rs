//! Which public types may cross threads. What the compiler has to refuse in code is in `compile_fail.rs`.

use freezeframe_session::{
    BreakpointId, Control, Dbg, Epochs, Error, Event, Filter, Frame, Frames, Freeze, Killed, Next, Options, Outcome,
    Position, Stop, Verdict, debug,
};

const fn send<X: Send>() {}
const fn sync<X: Sync>() {}
const fn is_static<X: 'static>() {}

/// Fails to compile if the type has the trait: the name is ambiguous then.
macro_rules! refuses {
    ($type:ty: $trait:ident) => {
        const _: () = {
            trait Ambiguous<A> {
                fn name() {}
            }
            impl<X: ?Sized> Ambiguous<()> for X {}
            impl<X: ?Sized + $trait> Ambiguous<u8> for X {}
            #[allow(dead_code)]
            fn check() {
                let _ = <$type as Ambiguous<_>>::name;
            }
        };
    };
}

macro_rules! send_and_sync {
    ($($type:ty),* $(,)?) => { $(const _: () = { send::<$type>(); sync::<$type>(); };)* };
}

// Handles and what is handed out: for any thread, also where the store's data is `Send` only.
send_and_sync!(Control, Event, Error, Killed, Options<u8>, Epochs<u8>, Freeze, Verdict, BreakpointId, Position);
send_and_sync!(Dbg<()>, Next<'static, ()>, Dbg<std::cell::Cell<u8>>, Next<'static, std::cell::Cell<u8>>);
const _: () = send::<Filter<()>>();
const _: () = send::<Outcome<(), ()>>();
const _: () = is_static::<(Control, Dbg<()>, Event, Error)>();

// The stopped guest stays where it is stopped: one thread uses it.
refuses!(Stop<'static, ()>: Sync);
refuses!(Frames<'static, 'static, ()>: Send);
refuses!(Frames<'static, 'static, ()>: Sync);
refuses!(Frame<'static, 'static, ()>: Send);
refuses!(Frame<'static, 'static, ()>: Sync);
// A second one would outlive the first.
refuses!(Stop<'static, ()>: Clone);
// A filter is called with the guest on one thread at a time, and needs no `Sync`.
refuses!(Filter<()>: Sync);

/// A session is `Send` if its body is, whatever the store's data is; and it needs no `'static`.
#[allow(dead_code)]
fn sessions_are_send<T: Send + 'static>(store: &mut wasmtime::Store<T>, text: &str) {
    fn is_send<X: Send>(_: X) {}
    is_send(debug(
        store,
        async |_| text.len(),
        async |mut dbg| {
            dbg.next().await;
            text.len()
        },
    ));
}

/// Everything in this file is checked by compiling it.
#[test]
fn compiles() {
    send::<Control>();
}
