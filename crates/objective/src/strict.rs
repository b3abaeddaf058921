//! Refuses unknown fields in types that by themselves ignore them.
//!
//! A misspelt field in a file must be an error. An Objective of the cluster may have a field of a newer kigen, which an older one must
//! ignore, or a rollback would lose the objective. Serde's `deny_unknown_fields` belongs to the type, and a second type would be a
//! second place for each new field; so a file is read through this adapter, which costs a page of forwarding methods.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};

/// A value in which no struct had an unknown field. Structs are checked within options, maps, spans and each other, not within
/// lists, tuples and enums, which a spec does not have.
#[derive(Debug)]
pub(crate) struct Strict<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Strict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Checked(deserializer)).map(Strict)
    }
}

/// A deserializer, a seed or a visitor whose nested values are checked.
struct Checked<T>(T);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Checked<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Checked(deserializer))
    }
}

macro_rules! pass_on {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(visitor)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Checked<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Nested { visitor, fields: Some(fields) })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Nested { visitor, fields: None })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Nested { visitor, fields: None })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Nested { visitor, fields: None })
    }

    // `Spanned` calls this one, and visits a map.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Nested { visitor, fields: None })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, len, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    pass_on! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_seq
        deserialize_identifier deserialize_ignored_any
    }
}

/// A visitor of a value with nested values; `fields`: those of a struct.
struct Nested<V> {
    visitor: V,
    fields: Option<&'static [&'static str]>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Nested<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Checked(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Checked(deserializer))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Fields { map, known: self.fields })
    }
}

/// The entries of a map, or of a struct with `known` fields.
struct Fields<A> {
    map: A,
    known: Option<&'static [&'static str]>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.known {
            Some(known) => self.map.next_key_seed(Key { seed, known }),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(Checked(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

/// The name of a field, refused while it is read, so that the error has its line.
struct Key<K> {
    seed: K,
    known: &'static [&'static str],
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        let name = String::deserialize(deserializer)?;
        if !self.known.contains(&name.as_str()) {
            return Err(D::Error::unknown_field(&name, self.known));
        }
        self.seed.deserialize(name.into_deserializer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Outer {
        inner: Option<serde_saphyr::Spanned<Inner>>,
        any_keys: Option<std::collections::BTreeMap<String, String>>,
    }

    #[derive(Deserialize)]
    struct Inner {
        name: Option<String>,
    }

    /// The values that were read, else the error.
    fn read(yaml: &str) -> String {
        match serde_saphyr::from_str::<Strict<Outer>>(yaml) {
            Ok(Strict(Outer { inner, any_keys })) => {
                format!("{:?} {any_keys:?}", inner.and_then(|inner| inner.value.name))
            }
            Err(error) => error.without_snippet().to_string(),
        }
    }

    #[test]
    fn an_unknown_field_is_refused_with_its_place_in_each_struct() {
        let outer = "unknown field `outer`, expected one of inner, any_keys at line 2, column 1";
        assert_eq!(read("inner: {}\nouter: 1\n"), outer);
        let nested = "unknown field `nam`, expected one of name at line 2, column 3";
        assert_eq!(read("inner:\n  nam: a\n"), nested);
        assert_eq!(read("inner: {name: a}\nany_keys: {b: c}\n"), r#"Some("a") Some({"b": "c"})"#);
    }
}
