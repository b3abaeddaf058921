//! Reads a record by its plan.

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::Unplanned;
use super::plan::{Node, Place, Plan, PlannedRecord};

/// The most bytes of a number in Avro's encoding.
const LONG_BYTES_MAX: u32 = 10;

/// Reads a record from a whole datum, to its last byte.
pub(crate) fn read<'de, T: Deserialize<'de>>(plan: &Plan, datum: &'de [u8]) -> Result<T, Unplanned> {
    let mut rest = datum;
    let record = T::deserialize(Reader { plan, place: plan.root(), rest: &mut rest })?;
    if rest.is_empty() { Ok(record) } else { Err(Unplanned) }
}

/// Reads one value.
struct Reader<'a, 'de> {
    plan: &'a Plan,
    place: Place,
    /// What is not read yet.
    rest: &'a mut &'de [u8],
}

impl<'a, 'de> Reader<'a, 'de> {
    fn node(&self) -> &'a Node {
        self.plan.node(self.place)
    }

    fn long(&mut self) -> Result<i64, Unplanned> {
        let mut zigzag = 0_u64;
        for nth in 0..LONG_BYTES_MAX {
            let (byte, rest) = self.rest.split_first().ok_or(Unplanned)?;
            *self.rest = rest;
            zigzag |= u64::from(byte & 0x7f) << (7 * nth);
            if byte & 0x80 == 0 {
                return Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed());
            }
        }
        Err(Unplanned)
    }

    fn bytes(&mut self, count: usize) -> Result<&'de [u8], Unplanned> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Unplanned)?;
        *self.rest = rest;
        Ok(bytes)
    }

    fn counted_bytes(&mut self) -> Result<&'de [u8], Unplanned> {
        let count = self.long()?;
        self.bytes(usize::try_from(count).map_err(|_| Unplanned)?)
    }

    /// Goes on with a value of a union, whose index it reads.
    fn of_union(mut self, union: &[Place]) -> Result<(u32, Self), Unplanned> {
        let index = u32::try_from(self.long()?).map_err(|_| Unplanned)?;
        let place = usize::try_from(index).ok().and_then(|index| union.get(index)).ok_or(Unplanned)?;
        Ok((index, Self { place: *place, ..self }))
    }

    fn record<V: Visitor<'de>>(
        self,
        record: &'a PlannedRecord,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unplanned> {
        let values = Fields { plan: self.plan, fields: record.fields.iter(), value: None, rest: self.rest };
        // A struct whose fields the writer's schema has all, in this order, needs no search by names.
        if record.is_of(fields) { visitor.visit_seq(values) } else { visitor.visit_map(values) }
    }
}

impl<'a, 'de> Deserializer<'de> for Reader<'a, 'de> {
    type Error = Unplanned;

    /// For what has one form only. It is also how fields are read that no struct has.
    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Unplanned> {
        match self.node() {
            Node::Null => visitor.visit_unit(),
            Node::Boolean => match self.bytes(1)? {
                [0] => visitor.visit_bool(false),
                [1] => visitor.visit_bool(true),
                _ => Err(Unplanned),
            },
            Node::Int => visitor.visit_i32(i32::try_from(self.long()?).map_err(|_| Unplanned)?),
            Node::Long => visitor.visit_i64(self.long()?),
            Node::Double => {
                let bytes = self.bytes(8)?.first_chunk().ok_or(Unplanned)?;
                visitor.visit_f64(f64::from_le_bytes(*bytes))
            }
            Node::Bytes => visitor.visit_borrowed_bytes(self.counted_bytes()?),
            Node::String => {
                let text = str::from_utf8(self.counted_bytes()?).map_err(|_| Unplanned)?;
                visitor.visit_borrowed_str(text)
            }
            Node::Array(items) => {
                let mut items = Items { left: 0, reader: Reader { place: *items, ..self } };
                items.begin_block()?;
                visitor.visit_seq(items)
            }
            Node::Union(union) => self.of_union(union)?.1.deserialize_any(visitor),
            Node::Enum(_) => self.deserialize_enum("", &[], visitor),
            Node::Record(record) => self.record(record, &[], visitor),
            Node::Other => Err(Unplanned),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Unplanned> {
        let Node::Union(union) = self.node() else { return Err(Unplanned) };
        let (place, null, some) = self.plan.optional(union).ok_or(Unplanned)?;
        match self.long()? {
            index if index == null => visitor.visit_none(),
            index if index == some => visitor.visit_some(Self { place, ..self }),
            _ => Err(Unplanned),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unplanned> {
        match self.node() {
            Node::Record(record) => self.record(record, fields, visitor),
            _ => Err(Unplanned),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unplanned> {
        match self.node() {
            Node::Enum(symbols) => {
                let index = usize::try_from(self.long()?).map_err(|_| Unplanned)?;
                let symbol = symbols.get(index).ok_or(Unplanned)?;
                visitor.visit_enum(StrDeserializer::new(symbol))
            }
            Node::Union(union) => {
                let (index, reader) = self.of_union(union)?;
                visitor.visit_enum(Variant { index, reader })
            }
            _ => Err(Unplanned),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: V,
    ) -> Result<V::Value, Unplanned> {
        Err(Unplanned)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// The items of an array, in blocks.
struct Items<'a, 'de> {
    /// Of the current block.
    left: u64,
    reader: Reader<'a, 'de>,
}

impl Items<'_, '_> {
    fn begin_block(&mut self) -> Result<(), Unplanned> {
        let count = self.reader.long()?;
        if count < 0 {
            // The block's bytes.
            self.reader.long()?;
        }
        self.left = count.unsigned_abs();
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Unplanned;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unplanned> {
        if self.left == 0 {
            return Ok(None);
        }
        let Reader { plan, place, rest } = &mut self.reader;
        let item = seed.deserialize(Reader { plan, place: *place, rest })?;
        self.left -= 1;
        if self.left == 0 {
            self.begin_block()?;
        }
        Ok(Some(item))
    }

    fn size_hint(&self) -> Option<usize> {
        // An item has a byte at least, or its array is of no use.
        usize::try_from(self.left).ok().map(|left| left.min(self.reader.rest.len()))
    }
}

/// The fields of a record, in the order of the writer's schema.
struct Fields<'a, 'de> {
    plan: &'a Plan,
    fields: std::slice::Iter<'a, (String, Place)>,
    /// The place of the field whose name was read.
    value: Option<Place>,
    rest: &'a mut &'de [u8],
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Unplanned;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unplanned> {
        let Some((_, place)) = self.fields.next() else { return Ok(None) };
        seed.deserialize(Reader { plan: self.plan, place: *place, rest: self.rest }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len())
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Unplanned;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unplanned> {
        let Some((name, place)) = self.fields.next() else { return Ok(None) };
        self.value = Some(*place);
        let name: StrDeserializer<'_, Unplanned> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unplanned> {
        let place = self.value.take().ok_or(Unplanned)?;
        seed.deserialize(Reader { plan: self.plan, place, rest: self.rest })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len())
    }
}

/// A value of a union, as the variant of an enum at the same index.
struct Variant<'a, 'de> {
    index: u32,
    reader: Reader<'a, 'de>,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Unplanned;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Unplanned> {
        let index: U32Deserializer<Unplanned> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Unplanned;

    fn unit_variant(self) -> Result<(), Unplanned> {
        match self.reader.node() {
            Node::Null => Ok(()),
            Node::Record(record) if record.fields.is_empty() => Ok(()),
            _ => Err(Unplanned),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unplanned> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Unplanned> {
        Err(Unplanned)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unplanned> {
        match self.reader.node() {
            Node::Record(record) => self.reader.record(record, fields, visitor),
            _ => Err(Unplanned),
        }
    }
}
