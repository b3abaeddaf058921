//! Writes a record by its plan.

use serde::Serialize;
use serde::ser::{Impossible, SerializeSeq, SerializeStruct, SerializeStructVariant, Serializer};

use super::Unplanned;
use super::plan::{Node, Place, Plan, PlannedRecord};

/// Appends a record to `bytes`. After a failure some of it may be there.
pub(crate) fn write(plan: &Plan, record: &impl Serialize, bytes: &mut Vec<u8>) -> Result<(), Unplanned> {
    record.serialize(Writer { plan, place: plan.root(), bytes })
}

/// Writes one value.
struct Writer<'a> {
    plan: &'a Plan,
    place: Place,
    bytes: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    fn node(&self) -> &'a Node {
        self.plan.node(self.place)
    }

    /// Goes on with a value of a union, whose index it writes.
    fn of_union(self, index: u32) -> Result<Self, Unplanned> {
        let Node::Union(union) = self.node() else { return Err(Unplanned) };
        let place = usize::try_from(index).ok().and_then(|index| union.get(index)).ok_or(Unplanned)?;
        put_long(self.bytes, index.into());
        Ok(Self { place: *place, ..self })
    }

    fn text(self, text: &[u8]) -> Result<(), Unplanned> {
        put_long(self.bytes, length(text.len())?);
        self.bytes.extend_from_slice(text);
        Ok(())
    }

    fn items(self, items: Place, len: Option<usize>) -> Result<Items<'a>, Unplanned> {
        let len = len.ok_or(Unplanned)?;
        if len > 0 {
            put_long(self.bytes, length(len)?);
        }
        Ok(Items { plan: self.plan, items, bytes: self.bytes })
    }

    fn fields(self, record: &'a PlannedRecord) -> Fields<'a> {
        Fields { plan: self.plan, fields: record.fields.iter(), bytes: self.bytes }
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Unplanned;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Impossible<(), Unplanned>;
    type SerializeTupleStruct = Impossible<(), Unplanned>;
    type SerializeTupleVariant = Impossible<(), Unplanned>;
    type SerializeMap = Impossible<(), Unplanned>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Unplanned> {
        match self.node() {
            Node::Boolean => self.bytes.push(value.into()),
            _ => return Err(Unplanned),
        }
        Ok(())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unplanned> {
        match self.node() {
            Node::Int => put_long(self.bytes, value.into()),
            _ => return Err(Unplanned),
        }
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unplanned> {
        match self.node() {
            Node::Long => put_long(self.bytes, value),
            _ => return Err(Unplanned),
        }
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Unplanned> {
        match self.node() {
            Node::Double => self.bytes.extend_from_slice(&value.to_le_bytes()),
            _ => return Err(Unplanned),
        }
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Unplanned> {
        match self.node() {
            Node::String => self.text(value.as_bytes()),
            _ => Err(Unplanned),
        }
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unplanned> {
        match self.node() {
            Node::Bytes => self.text(value),
            _ => Err(Unplanned),
        }
    }

    fn serialize_none(self) -> Result<(), Unplanned> {
        let Node::Union(union) = self.node() else { return Err(Unplanned) };
        let (_, null, _) = self.plan.optional(union).ok_or(Unplanned)?;
        put_long(self.bytes, null);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unplanned> {
        let Node::Union(union) = self.node() else { return Err(Unplanned) };
        let (place, _, some) = self.plan.optional(union).ok_or(Unplanned)?;
        put_long(self.bytes, some);
        value.serialize(Self { place, ..self })
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), Unplanned> {
        match self.node() {
            Node::Enum(symbols) => {
                let symbol = usize::try_from(index).ok().and_then(|index| symbols.get(index));
                if symbol.is_none_or(|symbol| symbol != variant) {
                    return Err(Unplanned);
                }
                put_long(self.bytes, index.into());
                Ok(())
            }
            _ => match self.of_union(index)?.node() {
                Node::Record(record) if record.fields.is_empty() && record.name == variant => Ok(()),
                _ => Err(Unplanned),
            },
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unplanned> {
        value.serialize(self.of_union(index)?)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'a>, Unplanned> {
        match self.node() {
            Node::Array(items) => self.items(*items, len),
            _ => Err(Unplanned),
        }
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, Unplanned> {
        match self.node() {
            Node::Record(record) => Ok(self.fields(record)),
            _ => Err(Unplanned),
        }
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'a>, Unplanned> {
        let writer = self.of_union(index)?;
        match writer.node() {
            Node::Record(record) if record.name == variant => Ok(writer.fields(record)),
            _ => Err(Unplanned),
        }
    }

    // What follows is in no record of kigen's.

    fn serialize_i8(self, _: i8) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_i16(self, _: i16) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_u8(self, _: u8) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_u16(self, _: u16) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_u32(self, _: u32) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_u64(self, _: u64) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_f32(self, _: f32) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_char(self, _: char) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_unit(self) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unplanned> {
        Err(Unplanned)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unplanned> {
        Err(Unplanned)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unplanned> {
        Err(Unplanned)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unplanned> {
        Err(Unplanned)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Writes the items of an array: one block, and the block without items that ends them.
struct Items<'a> {
    plan: &'a Plan,
    items: Place,
    bytes: &'a mut Vec<u8>,
}

impl SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = Unplanned;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unplanned> {
        value.serialize(Writer { plan: self.plan, place: self.items, bytes: self.bytes })
    }

    fn end(self) -> Result<(), Unplanned> {
        self.bytes.push(0);
        Ok(())
    }
}

/// Writes the fields of a record, in their order.
struct Fields<'a> {
    plan: &'a Plan,
    fields: std::slice::Iter<'a, (String, Place)>,
    bytes: &'a mut Vec<u8>,
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Unplanned;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        field: &'static str,
        value: &T,
    ) -> Result<(), Unplanned> {
        let (_, place) = self.fields.next().filter(|(name, _)| name == field).ok_or(Unplanned)?;
        value.serialize(Writer { plan: self.plan, place: *place, bytes: self.bytes })
    }

    fn skip_field(&mut self, _: &'static str) -> Result<(), Unplanned> {
        Err(Unplanned)
    }

    fn end(self) -> Result<(), Unplanned> {
        if self.fields.as_slice().is_empty() { Ok(()) } else { Err(Unplanned) }
    }
}

impl SerializeStructVariant for Fields<'_> {
    type Ok = ();
    type Error = Unplanned;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        field: &'static str,
        value: &T,
    ) -> Result<(), Unplanned> {
        SerializeStruct::serialize_field(self, field, value)
    }

    fn end(self) -> Result<(), Unplanned> {
        SerializeStruct::end(self)
    }
}

fn length(len: usize) -> Result<i64, Unplanned> {
    i64::try_from(len).map_err(|_| Unplanned)
}

/// Appends a number in Avro's encoding: zigzag, then seven bits a byte, the lowest first.
fn put_long(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest > 0x7f {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}
