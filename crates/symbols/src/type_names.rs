//! Names of types as people write them.
//!
//! Invariant: a name is made in at most [`MAX_STEPS`] steps of at most [`MAX_MADE`] bytes, and is at most [`MAX_NAME`] long:
//! what is longer, and types that refer to themselves, end in `…`.

use gimli::constants;

use crate::{
    Language,
    dwarf::{Dwarf, Entry},
    index::is_record,
    module::MAX_NAME,
    paths::Index,
    types::counts,
};

const MAX_STEPS: usize = 256;
const MAX_DEPTH: usize = 48;
const MAX_MADE: usize = 8 * MAX_NAME;

/// The name of the type of an entry.
pub(crate) fn name<'a>(dwarf: &Dwarf<'a>, index: &Index, entry: &Entry<'a>) -> String {
    let mut names = Names { dwarf, index, steps: 0, made: 0 };
    let mut name = names.declare(Some(entry), "", 0);
    if name.len() > MAX_NAME {
        name.truncate(name.floor_char_boundary(MAX_NAME));
        name.push('…');
    }
    name
}

struct Names<'n, 'a> {
    dwarf: &'n Dwarf<'a>,
    index: &'n Index,
    steps: usize,
    /// How many bytes of names were read.
    made: usize,
}

impl<'a> Names<'_, 'a> {
    /// The declaration of `inner` with the type of `entry` (`None`: `void`), the way C does it: from the inside out.
    fn declare(&mut self, entry: Option<&Entry<'a>>, inner: &str, depth: usize) -> String {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.made > MAX_MADE || depth > MAX_DEPTH || inner.len() > MAX_NAME {
            return "…".into();
        }
        let Some(entry) = entry else { return spaced("void", inner) };
        if let Some(name) = self.given(entry) {
            self.made += name.len();
            return spaced(&name, inner);
        }
        let language = self.index.language(self.dwarf, u32::try_from(entry.unit_index).unwrap_or(u32::MAX));
        let target = entry.reference(self.dwarf, constants::DW_AT_type).and_then(|target| self.dwarf.entry(target));
        let target = target.as_ref();
        match entry.die.tag() {
            constants::DW_TAG_pointer_type => self.pointer(target, "*", inner, depth),
            constants::DW_TAG_reference_type => self.pointer(target, "&", inner, depth),
            constants::DW_TAG_rvalue_reference_type => self.pointer(target, "&&", inner, depth),
            constants::DW_TAG_const_type => self.qualified(target, "const", inner, depth),
            constants::DW_TAG_volatile_type => self.qualified(target, "volatile", inner, depth),
            constants::DW_TAG_restrict_type => self.qualified(target, "restrict", inner, depth),
            constants::DW_TAG_atomic_type => self.qualified(target, "_Atomic", inner, depth),
            constants::DW_TAG_array_type => self.array(language, entry, target, inner, depth),
            constants::DW_TAG_subroutine_type => {
                let mut parameters = Vec::new();
                for child in entry.children(self.dwarf) {
                    match child.die.tag() {
                        constants::DW_TAG_formal_parameter => {
                            let ty = child.reference(self.dwarf, constants::DW_AT_type);
                            let ty = ty.and_then(|ty| self.dwarf.entry(ty));
                            parameters.push(self.declare(ty.as_ref(), "", depth + 1));
                        }
                        constants::DW_TAG_unspecified_parameters => parameters.push("...".into()),
                        _ => {}
                    }
                    if self.steps > MAX_STEPS || self.made > MAX_MADE {
                        break;
                    }
                }
                let inner = format!("{inner}({})", parameters.join(", "));
                self.declare(target, &inner, depth + 1)
            }
            constants::DW_TAG_ptr_to_member_type => {
                let class = entry.reference(self.dwarf, constants::DW_AT_containing_type);
                let class = class.and_then(|class| self.dwarf.entry(class));
                let class = class.map_or("?".into(), |class| self.declare(Some(&class), "", depth + 1));
                self.pointer(target, &format!("{class}::*"), inner, depth)
            }
            constants::DW_TAG_class_type if self.is_lambda(entry) => spaced("(lambda)", inner),
            tag if is_record(tag) || tag == constants::DW_TAG_enumeration_type => {
                spaced(&format!("{} {{...}}", keyword(tag)), inner)
            }
            _ => spaced("?", inner),
        }
    }

    fn is_lambda(&self, entry: &Entry<'a>) -> bool {
        entry.children(self.dwarf).iter().any(|child| {
            let name = child.string(self.dwarf, constants::DW_AT_name);
            child.die.tag() == constants::DW_TAG_subprogram && name.as_deref() == Some("operator()")
        })
    }

    /// The name that DWARF gives, with what lies around it.
    fn given(&self, entry: &Entry<'a>) -> Option<String> {
        let definition = entry.reference(self.dwarf, constants::DW_AT_signature);
        let definition = definition.and_then(|definition| self.dwarf.entry(definition));
        let entry = definition.as_ref().unwrap_or(entry);
        let tag = entry.die.tag();
        let own = entry.string(self.dwarf, constants::DW_AT_name)?;
        let scope = self.index.scope_at(self.dwarf, u32::try_from(entry.offset).ok()?);
        let Some(scope) = scope else { return Some(own) };
        Some(match self.index.language(self.dwarf, scope.0) {
            Language::C if is_record(tag) || tag == constants::DW_TAG_enumeration_type => {
                format!("{} {own}", keyword(tag))
            }
            Language::C => own,
            _ => {
                let path = self.index.path(self.dwarf, scope);
                if path.nameless { own } else { path.join() }
            }
        })
    }

    fn pointer(&mut self, target: Option<&Entry<'a>>, star: &str, inner: &str, depth: usize) -> String {
        let around = target.is_some_and(|target| {
            let tag = target.die.tag();
            (tag == constants::DW_TAG_array_type || tag == constants::DW_TAG_subroutine_type)
                && target.die.attr_value(constants::DW_AT_name).is_none()
        });
        let inner = if around { format!("({star}{inner})") } else { format!("{star}{inner}") };
        self.declare(target, &inner, depth + 1)
    }

    fn qualified(&mut self, target: Option<&Entry<'a>>, word: &str, inner: &str, depth: usize) -> String {
        // `const char *` but `char *const`.
        let behind = target.is_some_and(|target| {
            matches!(
                target.die.tag(),
                constants::DW_TAG_pointer_type
                    | constants::DW_TAG_reference_type
                    | constants::DW_TAG_rvalue_reference_type
                    | constants::DW_TAG_ptr_to_member_type
            )
        });
        if behind {
            let inner = if inner.is_empty() { word.to_owned() } else { format!("{word} {inner}") };
            return self.declare(target, &inner, depth + 1);
        }
        format!("{word} {}", self.declare(target, inner, depth + 1))
    }

    fn array(
        &mut self,
        language: Language,
        entry: &Entry<'a>,
        target: Option<&Entry<'a>>,
        inner: &str,
        depth: usize,
    ) -> String {
        let counts = counts(self.dwarf, entry);
        let count = |count: &Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
        match language {
            Language::Rust => {
                let element = self.declare(target, "", depth + 1);
                let array = counts.iter().rev().fold(element, |element, n| format!("[{element}; {}]", count(n)));
                spaced(&array, inner)
            }
            Language::Zig => {
                let element = self.declare(target, "", depth + 1);
                let dimensions: String = counts.iter().map(|n| format!("[{}]", count(n))).collect();
                spaced(&format!("{dimensions}{element}"), inner)
            }
            _ => {
                let dimensions: String = counts.iter().map(|n| format!("[{}]", count(n))).collect();
                self.declare(target, &format!("{inner}{dimensions}"), depth + 1)
            }
        }
    }
}

fn spaced(name: &str, inner: &str) -> String {
    if inner.is_empty() { name.to_owned() } else { format!("{name} {inner}") }
}

fn keyword(tag: gimli::DwTag) -> &'static str {
    match tag {
        constants::DW_TAG_union_type => "union",
        constants::DW_TAG_class_type => "class",
        constants::DW_TAG_enumeration_type => "enum",
        _ => "struct",
    }
}
