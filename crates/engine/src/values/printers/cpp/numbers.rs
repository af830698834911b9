//! Numbers in wrappers: `complex`, `_Complex`, `atomic`, `byte`.

use freezeframe_symbols::{Language, Type};

use crate::values::{
    Context, Scalar, Value, ValueType,
    printers::{Printed, Printer},
    text::float,
    view::{Part, Trouble, View},
};

pub(super) const PRINTERS: &[Printer] = &[
    Printer::new(&["std::complex"], complex),
    Printer::new(&["std::atomic"], atomic),
    Printer::new(&["std::byte"], byte),
];

fn complex(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let (real, imaginary) = (context.inner(value, "__re_")?, context.inner(value, "__im_")?);
    complex_of(context, real, imaginary)
}

/// `_Complex double`: two floats.
pub(super) fn complex_of_c(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let half = ty.size.filter(|size| matches!(size, 8 | 16)).map(|size| size / 2);
    let half = half.ok_or_else(|| Trouble::unreadable(format!("a `{}` isn't supported", ty.name)))?;
    let float = ValueType::Float { bits: half as u32 * 8 };
    let imaginary = context.part(value, 1, half, float.clone())?;
    complex_of(context, Value { ty: float, ..value.clone() }, imaginary)
}

fn complex_of(context: &mut Context<'_>, real: Value, imaginary: Value) -> Printed {
    let mut text = context.text(&real, crate::values::Limits::default());
    match context.scalar(&imaginary)? {
        Scalar::Float { value, bits } => {
            text.push_str(if value.is_sign_negative() { " - " } else { " + " });
            float(&mut text, value.abs(), bits, Language::Cpp);
        }
        _ => {
            text.push_str(" + ");
            text.push_str(&context.text(&imaginary, crate::values::Limits::default()));
        }
    }
    text.push('i');
    Ok(View::Words { text, parts: vec![Part::value("real", real), Part::value("imag", imaginary)] })
}

fn atomic(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    let inner = context.any_inner(value, &["__a_", "__a"])?;
    Ok(View::alias("", context.any_inner(&inner, &["__a_value", "__a_"])?))
}

fn byte(context: &mut Context<'_>, value: &Value, _: &Type) -> Printed {
    match context.scalar(value)?.integer() {
        Some(number) => Ok(View::words(format!("{number:#04x}"))),
        None => Err(Trouble::layout("a `std::byte` is no integer here")),
    }
}
