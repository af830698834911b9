//! A component host with generated bindings, a debugger around a call of them.
//!
//! Choose it when your guests are components. A component's code is that of its core modules: stops, frames, memories and
//! breakpoints are theirs, and the session keeps the modules of one component apart.
//!
//! Run it: `cargo run --release --example component`

use std::panic::resume_unwind;

use freezeframe::Event;
use wasmparser::{Operator, Parser, Payload};
use wasmtime::{
    Config, Engine, Module, Store,
    component::{Component, HasSelf, Linker},
};

mod bindings {
    wasmtime::component::bindgen!({
        inline: r#"
            package example:shop;
            world shop {
                import stock: func(item: u32) -> u32;
                export total: func(items: u32) -> u32;
            }
        "#,
        imports: { default: async },
        exports: { default: async },
    });
}

/// What a toolchain would have built for that world. Function 0 of the core module is the import.
const GUEST: &str = r#"(component
  (import "stock" (func $stock (param "item" u32) (result u32)))
  (core func $stock-lowered (canon lower (func $stock)))
  (core module $main
    (import "host" "stock" (func $stock (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "total") (param $items i32) (result i32) (local $sum i32)
      (loop $next
        (local.set $items (i32.sub (local.get $items) (i32.const 1)))
        (local.set $sum (i32.add (local.get $sum) (call $stock (local.get $items))))
        (i32.store (i32.const 8) (local.get $sum))
        (br_if $next (local.get $items)))
      (local.get $sum)))
  (core instance $main (instantiate $main (with "host" (instance (export "stock" (func $stock-lowered))))))
  (func (export "total") (param "items" u32) (result u32) (canon lift (core func $main "total"))))"#;

const IMPORT: u32 = 0;

struct Host {
    stock: [u32; 3],
}

impl bindings::ShopImports for Host {
    async fn stock(&mut self, item: u32) -> u32 {
        usize::try_from(item).ok().and_then(|item| self.stock.get(item).copied()).unwrap_or(0)
    }
}

/// The offsets of the calls of one function in a module; they are what breakpoints are set at.
fn calls(module: &Module, callee: u32) -> wasmtime::Result<Vec<u32>> {
    let mut calls = Vec::new();
    // The bytes of the core module, without the component around it: offsets count from their start.
    for payload in Parser::new(0).parse_all(module.debug_bytecode().unwrap_or_default()) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            if let (Operator::Call { function_index }, offset) = operator?
                && function_index == callee
            {
                calls.push(u32::try_from(offset)?);
            }
        }
    }
    Ok(calls)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> wasmtime::Result<()> {
    let mut config = Config::new();
    freezeframe::configure(&mut config);
    let engine = Engine::new(&config)?;
    let component = Component::new(&engine, GUEST)?;
    let mut linker = Linker::new(&engine);
    bindings::Shop::add_to_linker::<Host, HasSelf<Host>>(&mut linker, |host| host)?;
    let mut store = Store::new(&engine, Host { stock: [4, 30, 500] });
    let shop = bindings::Shop::instantiate_async(&mut store, &component, &linker).await?;

    let (run, calls) = freezeframe::debug(
        &mut store,
        async |store| shop.call_total(&mut *store, 3).await,
        async |mut dbg| {
            let mut seen = 0;
            while let Some(event) = dbg.next().await {
                match event {
                    // The component is instantiated already, so that its core modules are in the store.
                    Event::Attached => dbg.with(|stop| {
                        for module in stop.modules() {
                            let sites = calls(&module, IMPORT)?;
                            println!("a core module that calls the import at {} place(s)", sites.len());
                            let sites: Vec<_> = sites.into_iter().map(|pc| (module.clone(), pc)).collect();
                            stop.update_breakpoints(&sites, &[])?;
                        }
                        Ok::<_, wasmtime::Error>(())
                    })??,
                    Event::Breakpoint { .. } => dbg.with(|stop| {
                        seen += 1;
                        let Some(top) = stop.frames().next() else { return Ok(()) };
                        let (at, instance) = (top.position()?, top.instance()?);
                        // About to be called: the argument lies on the operand stack, above the sum so far.
                        let (locals, operands) = (top.locals()?, top.operands()?);
                        println!(
                            "call {seen} in core function {}: locals {locals:?}, operands {operands:?}",
                            at.function
                        );
                        let mut store = stop.store();
                        if let Some(memory) = instance.debug_memory(&mut store, 0) {
                            println!("  the sum in memory: {:?}", &memory.data(&store)[8..12]);
                        }
                        // The host's data is at hand, too.
                        println!("  the host's stock: {:?}", store.data().stock);
                        Ok::<_, wasmtime::Error>(())
                    })??,
                    other => println!("{other:?}"),
                }
            }
            Ok::<_, wasmtime::Error>(seen)
        },
    )
    .await?;
    let seen = calls.unwrap_or_else(|panic| resume_unwind(panic))?;
    println!("total {}, the import was called {seen} times", run??);
    Ok(())
}
