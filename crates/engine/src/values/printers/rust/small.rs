//! Values of a few bytes with a notation of their own: ranges, numbers with a promise, times.

use freezeframe_symbols::Type;

use crate::values::{
    Context, Limits, Value,
    printers::{Printed, Printer},
    view::{Part, Trouble, View, Way},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["core::ops::range::Range", "core::range::Range"], |context, value, _| {
        range(context, value, &["start"], "..", &["end"])
    }),
    Printer::new(&["core::ops::range::RangeInclusive"], |context, value, _| {
        range(context, value, &["start"], "..=", &["end"])
    }),
    Printer::new(&["core::ops::range::RangeFrom"], |context, value, _| range(context, value, &["start"], "..", &[])),
    Printer::new(&["core::ops::range::RangeTo"], |context, value, _| range(context, value, &[], "..", &["end"])),
    Printer::new(&["core::ops::range::RangeToInclusive"], |context, value, _| {
        range(context, value, &[], "..=", &["end"])
    }),
    Printer::new(&["core::ops::range::RangeFull"], |_, _, _| Ok(View::words(".."))),
    Printer::new(
        &[
            "core::num::nonzero::NonZero",
            "core::num::nonzero::NonZeroU8",
            "core::num::nonzero::NonZeroU16",
            "core::num::nonzero::NonZeroU32",
            "core::num::nonzero::NonZeroU64",
            "core::num::nonzero::NonZeroU128",
            "core::num::nonzero::NonZeroUsize",
            "core::num::nonzero::NonZeroI8",
            "core::num::nonzero::NonZeroI16",
            "core::num::nonzero::NonZeroI32",
            "core::num::nonzero::NonZeroI64",
            "core::num::nonzero::NonZeroI128",
            "core::num::nonzero::NonZeroIsize",
        ],
        wrapped,
    ),
    Printer::new(&["core::num::wrapping::Wrapping", "core::num::saturating::Saturating"], |context, value, _| {
        Ok(View::alias("", context.field(value, "__0")?))
    }),
    Printer::new(&["core::time::Duration"], duration),
    Printer::new(&["std::time::Instant", "std::time::SystemTime"], instant),
    Printer::new(&["core::marker::PhantomData"], |_, _, _| Ok(View::words("PhantomData"))),
];

/// How much of a range's ends is written: they may be of any type.
const END: Limits = Limits { depth: 2, elements: 4, text: 100 };

fn range(context: &mut Context<'_>, value: &Value, start: &[&str], dots: &str, end: &[&str]) -> Printed {
    let mut text = String::new();
    let mut parts = Vec::new();
    for name in start {
        let part = context.field(value, name)?;
        text.push_str(&context.text(&part, END));
        parts.push(Part::member(*name, part));
    }
    text.push_str(dots);
    for name in end {
        let part = context.field(value, name)?;
        text.push_str(&context.text(&part, END));
        parts.push(Part::member(*name, part));
    }
    if context.has_field(value, "exhausted") {
        let exhausted = context.field(value, "exhausted")?;
        if context.number(&exhausted)? != 0 {
            text.push_str(" (exhausted)");
        }
        parts.push(Part::member("exhausted", exhausted));
    }
    Ok(View::Words { text, parts })
}

/// Seen as the number in it.
fn wrapped(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    Ok(View::alias("", context.unwrapped(value)?))
}

/// Seconds and nanoseconds of a duration.
fn seconds(context: &mut Context<'_>, value: &Value) -> Result<(u64, u64), Trouble> {
    // A `Duration`'s own, and those of a `Timespec`, which newer versions keep in the times of clocks.
    let seconds = context.any_field(value, &["secs", "tv_sec"])?;
    let nanos = context.any_field(value, &["nanos", "tv_nsec"])?;
    let (seconds, nanos) = (context.number(&seconds)?, context.number(&nanos)?);
    if nanos >= 1_000_000_000 {
        return Err(Trouble::unreadable(format!("{nanos} nanoseconds in a second; not set yet?")));
    }
    Ok((seconds, nanos))
}

/// `1.5s`, as `{:?}` writes it.
fn duration(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let (secs, nanos) = seconds(context, value)?;
    let duration = std::time::Duration::new(secs, u32::try_from(nanos).unwrap_or(0));
    let parts = vec![Part::number("secs", secs).by(Way::None), Part::number("nanos", nanos).by(Way::None)];
    Ok(View::Words { text: format!("{duration:?}"), parts })
}

/// What a clock says, since its own beginning.
fn instant(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let mut inner = value.clone();
    // The system's types around the duration differ.
    for _ in 0..4 {
        if context.has_field(&inner, "secs") || context.has_field(&inner, "tv_sec") {
            break;
        }
        inner = context.field(&inner, "__0").or_else(|_| context.any_field(&inner, &["t", "inner", "0"]))?;
    }
    let (secs, nanos) = seconds(context, &inner)?;
    let duration = std::time::Duration::new(secs, u32::try_from(nanos).unwrap_or(0));
    let (name, since) = match ty.name.as_str() {
        "std::time::SystemTime" => ("SystemTime", "since 1970"),
        _ => ("Instant", "on the clock"),
    };
    let parts = vec![Part::number("secs", secs), Part::number("nanos", nanos)];
    Ok(View::Words { text: format!("{name}({duration:?} {since})"), parts })
}
