//! Values: what a variable or an expression stands for, read only as far as somebody looks.
//!
//! A [`Value`] is a type and a storage. Navigation (members, elements, dereference) makes new values without reading;
//! reading happens when a scalar is needed or a value is shown. What can't be read stays a value that says so.
//!
//! What a value looks like is a [`View`](view::View): [`printers`] give it, [`show`] writes it in a line, [`tree`] makes nodes of
//! it, [`navigate`] goes through it to what expressions name.

mod formatters;
mod handles;
mod navigate;
mod node;
mod pieces;
mod printers;
mod rooms;
mod scalar;
mod scopes;
mod show;
mod text;
mod tree;
mod view;

use freezeframe_debuggee::{FrameAccess, InstanceId, ModuleId, ModulePc, Unavailable};
use freezeframe_symbols::{BitRange, Encoding, Language, Piece, Place, Symbols, Type, TypeId, TypeKind, Variable};
use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    ops::Range,
    sync::Arc,
};

pub use formatters::Formatter;
pub use node::{Children, Handle, Node, NodeKind, ScopeKind};
pub use show::{Format, Limits, Shown, ValueOptions};

pub(crate) use formatters::Formatters;
pub(crate) use handles::Handles;
use pieces::{Assembled, LARGEST_PIECE};
pub(crate) use printers::head;
pub(crate) use scalar::{Scalar, ScalarKind, range, wrap};
pub(crate) use show::c_like;
pub(crate) use view::{TextEncoding, View};

use crate::{
    EngineError,
    stack::StackFrame,
    target::{Access, Target},
};

/// The size of an address in a 32-bit memory.
pub(crate) const ADDRESS_SIZE: u64 = 4;

/// The type of a value: one of the module's, or one that an expression made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    /// A type of the debug information.
    Named(TypeId),
    /// An integer.
    Integer { bits: u32, signed: bool },
    /// A float.
    Float { bits: u32 },
    /// A truth value.
    Bool,
    /// A character.
    Char,
    /// The address of something.
    Pointer(Box<ValueType>),
    /// A part of an array, or of several dimensions what is left of them, outermost first.
    Array { element: Box<ValueType>, counts: Vec<Option<u64>> },
    /// No type is known.
    Unknown,
}

/// Where a value's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// In memory 0 of an instance: it can be written.
    Memory { instance: InstanceId, address: u64 },
    /// A copy of them; the words say of what, for the message when somebody wants to write there.
    Bytes { bytes: Vec<u8>, origin: &'static str },
    /// A copy of those that are known; the compiler threw the others away.
    Partly { bytes: Vec<u8>, known: Vec<Range<usize>> },
    /// A pointer that isn't there, to something that has no address: what it points to.
    PointsTo(Box<Value>),
    /// They can't be had.
    Unavailable(Unavailable),
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub ty: ValueType,
    pub storage: Storage,
    /// For a bit-field: which bits of the storage.
    pub bits: Option<BitRange>,
}

impl Value {
    pub(crate) fn integer(value: i128, bits: u32, signed: bool) -> Self {
        let size = (bits as usize).div_ceil(8);
        Self {
            ty: ValueType::Integer { bits, signed },
            storage: computed(value.to_le_bytes()[..size].to_vec()),
            bits: None,
        }
    }

    pub(crate) fn bool(value: bool) -> Self {
        Self { ty: ValueType::Bool, storage: computed(vec![u8::from(value)]), bits: None }
    }

    pub(crate) fn float(value: f64, bits: u32) -> Self {
        let bytes = if bits == 32 { (value as f32).to_le_bytes().to_vec() } else { value.to_le_bytes().to_vec() };
        Self { ty: ValueType::Float { bits }, storage: computed(bytes), bits: None }
    }

    pub(crate) fn pointer(address: u64, to: ValueType) -> Self {
        let bytes = address.to_le_bytes()[..ADDRESS_SIZE as usize].to_vec();
        Self { ty: ValueType::Pointer(Box::new(to)), storage: computed(bytes), bits: None }
    }

    pub(crate) fn unavailable(ty: ValueType, why: Unavailable) -> Self {
        Self { ty, storage: Storage::Unavailable(why), bits: None }
    }

    /// Its address, if it lies in memory.
    pub(crate) fn address(&self) -> Option<u64> {
        match self.storage {
            Storage::Memory { address, .. } => Some(address),
            _ => None,
        }
    }
}

fn no_address() -> Unavailable {
    Unavailable::new("optimised out: what it points to has no address (`*` shows it)")
}

fn computed(bytes: Vec<u8>) -> Storage {
    Storage::Bytes { bytes, origin: "it is a computed value" }
}

/// The surroundings in which names and values have their meaning: a module, and a frame of it if there is one.
pub(crate) struct Context<'a> {
    pub target: &'a mut Target,
    pub symbols: Arc<Symbols>,
    pub frame: Option<StackFrame>,
    pub instance: Option<InstanceId>,
    pub language: Language,
    /// In a formatter's expression: the value whose members names mean.
    pub this: Option<Value>,
    /// How many formatters are at work, each for the one before.
    pub formatting: u32,
    /// How many values are gone through for the one that is asked for.
    pub through: u32,
    types: Types,
}

/// Types that were looked at already: a value asks for its type at every turn.
#[derive(Default)]
struct Types(RefCell<HashMap<TypeId, Arc<Type>, BuildHasherDefault<OffsetHasher>>>);

/// Hashes offsets, which are as different as can be.
#[derive(Default)]
struct OffsetHasher(u64);

impl Hasher for OffsetHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, offset: u64) {
        self.0 = offset.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl<'a> Context<'a> {
    /// Inside a frame.
    pub(crate) fn in_frame(target: &'a mut Target, frame: StackFrame) -> Result<Self, EngineError> {
        let module = target.module(frame.module).ok_or(EngineError::Internal("a frame of an unknown module"))?;
        let symbols = module.symbols.clone();
        let (instance, language) = (frame.instance, frame.language);
        Ok(Self::new(target, symbols, Some(frame), instance, language))
    }

    fn new(
        target: &'a mut Target,
        symbols: Arc<Symbols>,
        frame: Option<StackFrame>,
        instance: Option<InstanceId>,
        language: Language,
    ) -> Self {
        Self {
            target,
            symbols,
            frame,
            instance,
            language,
            this: None,
            formatting: 0,
            through: 0,
            types: Types::default(),
        }
    }

    /// Outside of any frame, in the first module.
    pub(crate) fn outside(target: &'a mut Target) -> Result<Self, EngineError> {
        Self::outside_in(target, ModuleId(0))
    }

    /// Outside of any frame, in this module.
    pub(crate) fn outside_in(target: &'a mut Target, module: ModuleId) -> Result<Self, EngineError> {
        let symbols = target.module(module).ok_or(EngineError::NotRunning)?.symbols.clone();
        let instance = target.instance_of(module)?;
        let language = symbols.functions().iter().map(|f| f.language).find(|l| *l != Language::Other);
        Ok(Self::new(target, symbols, None, instance, language.unwrap_or(Language::Other)))
    }

    /// Without an instance: types and copies of bytes can be shown while the guest runs.
    pub(crate) fn detached(target: &'a mut Target, symbols: Arc<Symbols>, language: Language) -> Self {
        Self::new(target, symbols, None, None, language)
    }

    fn access(&mut self) -> Access<'_> {
        let frame = self.frame.as_ref().map(|f| f.physical);
        self.target.access(frame, self.instance)
    }

    pub(crate) fn lookup_pc(&self) -> ModulePc {
        self.frame.as_ref().map_or(ModulePc(0), |f| f.lookup)
    }

    /// The value of a variable here. One that can't be had is a value all the same.
    pub(crate) fn variable(&mut self, variable: &Variable) -> Value {
        let ty = variable.ty.map_or(ValueType::Unknown, ValueType::Named);
        if let Some(why) = self.frame.as_ref().and_then(|f| f.unreadable.clone()) {
            return Value::unavailable(ty, Unavailable(why));
        }
        let symbols = self.symbols.clone();
        let pc = self.lookup_pc();
        let ty = self.with_lengths(ty);
        match symbols.locate(variable, pc, &mut self.access()) {
            Ok(place) => Value { storage: self.storage(&place), ty, bits: None },
            Err(why) => Value::unavailable(ty, why),
        }
    }

    /// An array type with the lengths that it has here, where they are no constants.
    fn with_lengths(&mut self, ty: ValueType) -> ValueType {
        let ValueType::Named(id) = self.strip(&ty) else { return ty };
        let known = self.ty(id);
        let TypeKind::Array { element, counts } = &known.kind else { return ty };
        if counts.iter().all(Option::is_some) {
            return ty;
        }
        let (symbols, pc) = (self.symbols.clone(), self.lookup_pc());
        match symbols.array_counts(id, pc, &mut self.access()) {
            Ok(here) if here != *counts => {
                ValueType::Array { element: Box::new(ValueType::Named(*element)), counts: here }
            }
            _ => ty,
        }
    }

    fn storage(&mut self, place: &Place) -> Storage {
        match self.place_bytes(place) {
            Ok(storage) => storage,
            Err(why) => Storage::Unavailable(why),
        }
    }

    fn place_bytes(&mut self, place: &Place) -> Result<Storage, Unavailable> {
        let whole = |value: freezeframe_debuggee::WasmValue, origin| match value.bytes() {
            Some(bytes) => Ok(Storage::Bytes { bytes, origin }),
            None => Err(Unavailable::new(format!("it is a Wasm reference ({value})"))),
        };
        match place {
            Place::Memory(address) => Ok(Storage::Memory { instance: self.access().instance()?, address: *address }),
            Place::Local(index) => whole(self.access().local(*index)?, "it lives in a Wasm local"),
            Place::Operand(index) => whole(self.access().operand(*index)?, "it lives on the operand stack"),
            Place::Global(index) => whole(self.access().global(*index)?, "it lives in a Wasm global"),
            Place::Bytes(bytes) => {
                Ok(Storage::Bytes { bytes: bytes.clone(), origin: "the compiler keeps only its value, not a place" })
            }
            Place::Pieces(pieces) => self.pieces(pieces),
            Place::ImplicitPointer { variable, offset } => {
                let lost = || Unavailable::new("optimised out: what it points to isn't known");
                let (symbols, pc) = (self.symbols.clone(), self.lookup_pc());
                let variable = symbols.variable(*variable).ok_or_else(lost)?;
                let storage = match symbols.locate(&variable, pc, &mut self.access())? {
                    // One to another, or to itself.
                    Place::ImplicitPointer { .. } => return Err(lost()),
                    place => self.place_bytes(&place)?,
                };
                let ty = variable.ty.map_or(ValueType::Unknown, ValueType::Named);
                let whole = Value { ty: ty.clone(), storage, bits: None };
                self.part(&whole, i128::from(*offset), 1, ty)
                    .map(|value| Storage::PointsTo(Box::new(value)))
                    .map_err(|_| lost())
            }
        }
    }

    /// What lies in several places, some of which may be nowhere.
    fn pieces(&mut self, pieces: &[Piece]) -> Result<Storage, Unavailable> {
        let mut whole = Assembled::default();
        for piece in pieces {
            let Some(place) = &piece.place else {
                whole.skip(piece.bits);
                continue;
            };
            // Of a place that is smaller than its piece the rest isn't known.
            let bytes = match self.place_bytes(place)? {
                Storage::Memory { address, .. } => {
                    let size = piece.first.saturating_add(piece.bits).div_ceil(8).min(LARGEST_PIECE);
                    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
                    self.access().memory(address, &mut bytes)?;
                    bytes
                }
                Storage::Bytes { bytes, .. } => bytes,
                Storage::Partly { .. } | Storage::PointsTo(_) => Vec::new(),
                Storage::Unavailable(why) => return Err(why),
            };
            whole.add(piece.bits, piece.first, &bytes);
        }
        Ok(whole.storage())
    }

    /// A type of the module; one that is damaged is shown as such.
    pub(crate) fn ty(&self, id: TypeId) -> Arc<Type> {
        if let Some(known) = self.types.0.borrow().get(&id) {
            return known.clone();
        }
        let ty = self.symbols.ty(id).unwrap_or_else(|why| {
            Arc::new(Type {
                name: format!("<{why}>"),
                size: None,
                kind: TypeKind::Unknown(why.0),
                language: self.language,
            })
        });
        self.types.0.borrow_mut().insert(id, ty.clone());
        ty
    }

    /// The type behind typedefs and qualifiers.
    pub(crate) fn strip(&self, ty: &ValueType) -> ValueType {
        let mut ty = ty.clone();
        // Damaged files may have cycles.
        for _ in 0..64 {
            let ValueType::Named(id) = ty else { return ty };
            ty = match self.ty(id).kind {
                TypeKind::Typedef(Some(target)) | TypeKind::Qualified { target: Some(target), .. } => {
                    ValueType::Named(target)
                }
                _ => return ty,
            };
        }
        ValueType::Unknown
    }

    /// The entry behind typedefs and qualifiers, for a type of the module.
    pub(crate) fn stripped(&self, ty: &ValueType) -> Option<Arc<Type>> {
        match self.strip(ty) {
            ValueType::Named(id) => Some(self.ty(id)),
            _ => None,
        }
    }

    /// The language in whose words a type's values are written: that of its unit, else of the frame.
    pub(crate) fn language_of(&self, ty: &ValueType) -> Language {
        let named = match ty {
            ValueType::Named(id) => self.ty(*id).language,
            ValueType::Pointer(to) => return self.language_of(to),
            ValueType::Array { element, .. } => return self.language_of(element),
            _ => Language::Other,
        };
        if named == Language::Other { self.language } else { named }
    }

    pub(crate) fn type_name(&self, ty: &ValueType) -> String {
        let rust = self.language == Language::Rust;
        match ty {
            ValueType::Named(id) => self.ty(*id).name.clone(),
            ValueType::Integer { bits, signed } if rust => format!("{}{bits}", if *signed { 'i' } else { 'u' }),
            ValueType::Integer { bits, signed } => {
                let name = match bits {
                    0..=8 => "char",
                    9..=16 => "short",
                    17..=32 => "int",
                    33..=64 => "long long",
                    _ => "__int128",
                };
                if *signed { name.to_owned() } else { format!("unsigned {name}") }
            }
            ValueType::Float { bits: 32 } => if rust { "f32" } else { "float" }.to_owned(),
            ValueType::Float { .. } => if rust { "f64" } else { "double" }.to_owned(),
            ValueType::Bool => "bool".to_owned(),
            ValueType::Char => "char".to_owned(),
            ValueType::Pointer(to) if rust => format!("*mut {}", self.type_name(to)),
            ValueType::Pointer(to) => {
                let to = self.type_name(to);
                if to.ends_with('*') { format!("{to}*") } else { format!("{to} *") }
            }
            ValueType::Array { element, counts } => {
                let counts = counts.iter().map(|n| n.map_or("[]".to_owned(), |n| format!("[{n}]")));
                format!("{} {}", self.type_name(element), counts.collect::<String>())
            }
            ValueType::Unknown => "?".to_owned(),
        }
    }

    /// A type's name as people write it, without what C++'s libraries add to it: for messages.
    pub(crate) fn short_type_name(&self, ty: &ValueType) -> String {
        let name = self.type_name(ty);
        if self.language_of(ty) == Language::Cpp { printers::short_name_of_cpp(&name) } else { name }
    }

    /// The size of a type in bytes.
    pub(crate) fn size(&self, ty: &ValueType) -> Option<u64> {
        self.size_within(ty, 16)
    }

    /// Damaged files may have types inside themselves: `depth` ends that.
    fn size_within(&self, ty: &ValueType, depth: u32) -> Option<u64> {
        let depth = depth.checked_sub(1)?;
        match ty {
            ValueType::Integer { bits, .. } | ValueType::Float { bits } => Some(u64::from(bits.div_ceil(8))),
            ValueType::Bool => Some(1),
            ValueType::Char => Some(4),
            ValueType::Pointer(_) => Some(ADDRESS_SIZE),
            ValueType::Unknown => None,
            ValueType::Array { element, counts } => self.array_size(element, counts, depth),
            ValueType::Named(id) => {
                let ty = self.ty(*id);
                if ty.size.is_some() {
                    return ty.size;
                }
                match &ty.kind {
                    TypeKind::Typedef(Some(target)) | TypeKind::Qualified { target: Some(target), .. } => {
                        let inner = self.strip(&ValueType::Named(*target));
                        if inner == ValueType::Named(*id) { None } else { self.size_within(&inner, depth) }
                    }
                    TypeKind::Pointer(_) | TypeKind::Reference(_) => Some(ADDRESS_SIZE),
                    // To a method: where it is, and how `this` is adjusted.
                    TypeKind::MemberPointer { target, .. } => {
                        let target = target.and_then(|target| self.stripped(&ValueType::Named(target)));
                        let is_method = target.is_some_and(|ty| matches!(ty.kind, TypeKind::Function { .. }));
                        Some(if is_method { 2 * ADDRESS_SIZE } else { ADDRESS_SIZE })
                    }
                    TypeKind::Array { element, counts } => self.array_size(&ValueType::Named(*element), counts, depth),
                    _ => None,
                }
            }
        }
    }

    fn array_size(&self, element: &ValueType, counts: &[Option<u64>], depth: u32) -> Option<u64> {
        let count = counts.iter().try_fold(1_u64, |all, n| all.checked_mul((*n)?))?;
        self.size_within(&self.strip(element), depth)?.checked_mul(count)
    }

    /// The elements' type and the dimensions of an array.
    pub(crate) fn array(&self, ty: &ValueType) -> Option<(ValueType, Vec<Option<u64>>)> {
        match self.strip(ty) {
            ValueType::Array { element, counts } => Some((*element, counts)),
            ValueType::Named(id) => match &self.ty(id).kind {
                TypeKind::Array { element, counts } => Some((ValueType::Named(*element), counts.clone())),
                _ => None,
            },
            _ => None,
        }
    }

    /// How many bytes a value is read from: as many as its type has, or more for a packed bit-field that crosses its unit.
    fn size_read(&self, value: &Value) -> Option<u64> {
        let size = self.size(&value.ty)?;
        let bits = value.bits.map_or(0, |bits| bits.first.saturating_add(bits.width).div_ceil(8));
        Some(if bits > size { bits.min(16) } else { size })
    }

    /// The bytes of a value, as many as its type has.
    pub(crate) fn bytes(&mut self, value: &Value) -> Result<Vec<u8>, Unavailable> {
        let size = self.size_read(value);
        match &value.storage {
            Storage::Unavailable(why) => Err(why.clone()),
            Storage::PointsTo(_) => Err(no_address()),
            Storage::Partly { bytes, known } => {
                let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(bytes.len());
                match bytes.get(..size).filter(|_| known.iter().any(|known| known.start == 0 && size <= known.end)) {
                    Some(bytes) => Ok(bytes.to_vec()),
                    None => Err(Unavailable::new("partly optimised out")),
                }
            }
            Storage::Bytes { bytes, .. } => {
                let mut bytes = bytes.clone();
                if let Some(size) = size.and_then(|s| usize::try_from(s).ok()) {
                    bytes.truncate(size);
                }
                Ok(bytes)
            }
            Storage::Memory { instance, address } => {
                let size = size.ok_or_else(|| Unavailable::new("its size isn't known"))?;
                if size > 1 << 26 {
                    return Err(Unavailable::new(format!("it is too large to be read at once ({size} bytes)")));
                }
                let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
                self.target.read_memory(*instance, 0, *address, &mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// Reads memory of this context's instance.
    pub(crate) fn read(&mut self, address: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        self.access().memory(address, into)
    }

    /// A value of type `ty` that lies in this context's memory.
    pub(crate) fn at(&mut self, address: u64, ty: ValueType) -> Value {
        let storage = match self.access().instance() {
            Ok(instance) => Storage::Memory { instance, address },
            Err(why) => Storage::Unavailable(why),
        };
        Value { ty, storage, bits: None }
    }
}

/// The scalar type that an encoding and a size make.
pub(crate) fn is_character(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::SignedChar | Encoding::UnsignedChar | Encoding::Utf)
}
