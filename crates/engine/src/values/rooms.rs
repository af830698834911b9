//! Texts that are set: into the room that they have, and no other.
//!
//! Invariant: nothing is allocated or freed, and nobody else's characters are changed. What only refers to characters can't
//! be set to others.

use super::{
    Context, Storage, Value,
    printers::{self, c_array_room},
    view::{TextEncoding, View},
};
use crate::{EngineError, expression::encoded};

/// How many boxes and references are gone through to a text.
const MOST_THROUGH: u32 = 4;

/// Where the characters of a text may be written.
pub(crate) struct Room {
    /// The address of the first.
    pub address: u64,
    /// How many units there is room for, without a zero at the end.
    pub capacity: u64,
    pub count: Count,
    pub encoding: TextEncoding,
    /// Whether a zero follows the last.
    pub terminated: bool,
    /// Whether there may be zeroes among them.
    pub zeroes: bool,
}

/// Where it says how many there are.
pub(crate) enum Count {
    /// Nowhere: there are as many as there's room for.
    Fixed,
    /// In this number, which is set.
    Kept(Value),
    /// What isn't used is filled with zeroes.
    Filled,
}

impl Context<'_> {
    /// Sets a text in its place.
    pub(crate) fn assign_text(&mut self, place: &Value, text: &[u8]) -> Result<(), EngineError> {
        let mut place = place.clone();
        for _ in 0..MOST_THROUGH {
            if let Some(target) = self.referent(&place)? {
                place = target;
            }
            if let Some(room) = self.room(&place)? {
                return self.fill(&place, &room, text);
            }
            match self.printer_view(&place) {
                Some(View::Alias { value, .. }) => place = *value,
                _ => break,
            }
        }
        let name = self.short_type_name(&place.ty);
        Err(EngineError::Expression(format!("a `{name}` can't be set to a text")))
    }

    /// Whether a text can be set here, if it's short enough.
    pub(crate) fn takes_text(&mut self, place: &Value) -> bool {
        matches!(self.room(place), Ok(Some(room)) if !matches!(&room.count, Count::Kept(count) if count.address().is_none()))
    }

    fn room(&mut self, place: &Value) -> Result<Option<Room>, EngineError> {
        if let Storage::Unavailable(why) = &place.storage {
            return Err(why.clone().into());
        }
        let found = match self.stripped(&place.ty) {
            Some(ty) => printers::room(self, place, &ty),
            None => None,
        };
        match found.or_else(|| c_array_room(self, place)) {
            Some(Ok(room)) => Ok(Some(room)),
            Some(Err(why)) => {
                Err(EngineError::Expression(format!("this can't be set to a text: {}", why.unavailable().0)))
            }
            None => Ok(None),
        }
    }

    fn fill(&mut self, place: &Value, room: &Room, text: &[u8]) -> Result<(), EngineError> {
        let name = self.short_type_name(&place.ty);
        let refused = |why: String| EngineError::Expression(why);
        if room.encoding != TextEncoding::Bytes && std::str::from_utf8(text).is_err() {
            return Err(refused(format!("a `{name}` must be UTF-8, and this isn't")));
        }
        if !room.zeroes && text.contains(&0) {
            return Err(refused(format!("a `{name}` can have no zero in it")));
        }
        let mut bytes = encoded(text, room.encoding);
        let unit = room.encoding.unit();
        let (length, capacity) = (bytes.len() as u64 / unit, room.capacity);
        if length > capacity {
            let units = if unit == 1 { "bytes" } else { "units" };
            return Err(refused(format!(
                "it has {length} {units}, and there is room for {capacity}; nothing is allocated"
            )));
        }
        let zeroes = match &room.count {
            Count::Fixed if length < capacity => {
                return Err(refused(format!(
                    "a `{name}` can't change its length: it has {capacity} bytes, this {length}"
                )));
            }
            Count::Fixed | Count::Kept(_) => u64::from(room.terminated),
            Count::Filled => capacity - length + u64::from(room.terminated),
        };
        let end = zeroes.saturating_mul(unit).saturating_add(bytes.len() as u64);
        bytes.resize(usize::try_from(end).map_err(|_| refused("it is too long".to_owned()))?, 0);
        let instance = self.access().instance()?;
        if let Count::Kept(count) = &room.count {
            let number = Value::integer(i128::from(length), 32, false);
            if count.address().is_none() {
                // Says why.
                return self.assign(count, &number);
            }
            // The old count must not lead behind what is written, nor the new one before it is.
            self.target.write_memory(instance, 0, room.address, bytes)?;
            return self.assign(count, &number);
        }
        self.target.write_memory(instance, 0, room.address, bytes)
    }
}
