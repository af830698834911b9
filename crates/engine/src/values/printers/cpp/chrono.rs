//! `std::chrono`: durations as `<<` writes them, points in time as dates.

use freezeframe_symbols::Type;

use super::names::short;
use crate::values::{
    Context, Limits, Value,
    printers::{Printed, Printer},
    view::{Part, Trouble, View},
};

pub(super) const PRINTERS: &[Printer] =
    &[Printer::new(&["std::chrono::duration"], duration), Printer::new(&["std::chrono::time_point"], time_point)];

/// Periods in seconds, as numerator and denominator, and their units.
const UNITS: &[(i128, i128, &str)] = &[
    (1, 1_000_000_000, "ns"),
    (1, 1_000_000, "µs"),
    (1, 1000, "ms"),
    (1, 1, "s"),
    (60, 1, "min"),
    (3600, 1, "h"),
    (86_400, 1, "d"),
];

fn duration(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let count = context.inner(value, "__rep_")?;
    let text = context.text(&count, Limits::default());
    let (numerator, denominator) = period(context, ty)?;
    let unit = UNITS.iter().find(|(n, d, _)| (*n, *d) == (numerator, denominator));
    let text = match unit {
        Some((.., unit)) => format!("{text}{unit}"),
        None if denominator == 1 => format!("{text}[{numerator}]s"),
        None => format!("{text}[{numerator}/{denominator}]s"),
    };
    Ok(View::Words { text, parts: vec![Part::value("count", count)] })
}

/// The period of a duration, as its type says: `std::ratio<1, 1000>`.
fn period(context: &Context<'_>, ty: &Type) -> Result<(i128, i128), Trouble> {
    let ratio = context.argument_at(ty, 1)?;
    let name = context.type_name(&ratio);
    let unknown = || Trouble::layout(format!("`{name}` is no period that is known"));
    let (_, arguments) = name.split_once("ratio<").ok_or_else(unknown)?;
    let mut numbers = arguments
        .trim_end_matches(['>', ' '])
        .split(',')
        .map(|number| number.trim().trim_end_matches(['U', 'L']).parse::<i128>().ok().filter(|number| *number > 0));
    let numerator = numbers.next().flatten().ok_or_else(unknown)?;
    let denominator = numbers.next().unwrap_or(Some(1)).ok_or_else(unknown)?;
    Ok((numerator, denominator))
}

fn time_point(context: &mut Context<'_>, value: &Value, ty: &Type) -> Printed {
    let since = context.inner(value, "__d_")?;
    let clock = context.argument_at(ty, 0)?;
    let clock = short(&context.type_name(&clock));
    let record = context.stripped(&since.ty).ok_or_else(|| Trouble::layout("`__d_` is no duration"))?;
    let (numerator, denominator) = period(context, &record)?;
    let count = context.inner(&since, "__rep_")?;
    let count = context.scalar(&count)?;
    let parts = vec![Part::value("time_since_epoch", since.clone())];
    let text = match count.integer().filter(|_| clock == "std::chrono::system_clock") {
        Some(count) => count.checked_mul(numerator).and_then(|count| date(count, denominator)),
        None => None,
    };
    let text = match text {
        Some(text) => text,
        None => format!("{} since the epoch of {clock}", context.text(&since, Limits::default())),
    };
    Ok(View::Words { text, parts })
}

/// A date in UTC, of so many `1/denominator` seconds after 1970; `None` far away from it.
fn date(count: i128, denominator: i128) -> Option<String> {
    let (seconds, fraction) = (count.div_euclid(denominator), count.rem_euclid(denominator));
    let (days, time) = (i64::try_from(seconds.div_euclid(86_400)).ok()?, seconds.rem_euclid(86_400));
    // Civil from days, by eras of 400 years that begin on a first of March.
    let shifted = days.checked_add(719_468).filter(|_| days.abs() < 4_000_000)?;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    let (hours, minutes, seconds) = (time / 3600, time / 60 % 60, time % 60);
    let fraction = match denominator {
        1 => String::new(),
        _ => {
            let digits = format!("{:09}", fraction.checked_mul(1_000_000_000)? / denominator);
            format!(".{}", digits.trim_end_matches('0')).trim_end_matches('.').to_owned()
        }
    };
    Some(format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}{fraction}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(0, 1).unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(date(1_700_000_000, 1).unwrap(), "2023-11-14T22:13:20Z");
        assert_eq!(date(951_782_400, 1).unwrap(), "2000-02-29T00:00:00Z");
        assert_eq!(date(-1, 1).unwrap(), "1969-12-31T23:59:59Z");
        assert_eq!(date(1_700_000_000_250, 1000).unwrap(), "2023-11-14T22:13:20.25Z");
        assert_eq!(date(i128::from(i64::MAX), 1), None);
    }
}
