//! A schema whose names are resolved.

use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, Ordering};

use apache_avro::Schema;
use apache_avro::schema::Name;

/// The place of a node in its plan.
pub(super) type Place = usize;

/// A schema, as nodes that refer to each other by their places.
pub(crate) struct Plan {
    nodes: Vec<Node>,
    root: Place,
}

/// A type of the schema.
pub(super) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Double,
    Bytes,
    String,
    Array(Place),
    Union(Vec<Place>),
    Enum(Vec<String>),
    Record(PlannedRecord),
    /// A type that kigen's schemas do not have, or a name without its type.
    Other,
}

/// A record's fields, in their order.
pub(super) struct PlannedRecord {
    pub(super) name: String,
    pub(super) fields: Vec<(String, Place)>,
    /// The fields of the struct that is known to have the same names in the same order: one list for each struct of the program.
    known: AtomicPtr<&'static str>,
}

impl PlannedRecord {
    /// Whether a struct has exactly these fields, in this order.
    pub(super) fn is_of(&self, fields: &'static [&'static str]) -> bool {
        let list = fields.as_ptr().cast_mut();
        if self.fields.len() == fields.len() && self.known.load(Ordering::Relaxed) == list {
            return true;
        }
        let is_so = self.fields.iter().map(|(name, _)| name.as_str()).eq(fields.iter().copied());
        if is_so {
            self.known.store(list, Ordering::Relaxed);
        }
        is_so
    }
}

impl Plan {
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut planner = Planner::default();
        let root = planner.add(schema);
        Self { nodes: planner.nodes, root }
    }

    pub(super) fn root(&self) -> Place {
        self.root
    }

    pub(super) fn node(&self, place: Place) -> &Node {
        self.nodes.get(place).unwrap_or(&Node::Other)
    }

    /// Of a union of two with null the place of the other, and their indexes: that of null, and that of the other.
    pub(super) fn optional(&self, union: &[Place]) -> Option<(Place, i64, i64)> {
        let is_null = |place: Place| matches!(self.node(place), Node::Null);
        match *union {
            [null, other] if is_null(null) && !is_null(other) => Some((other, 0, 1)),
            [other, null] if is_null(null) && !is_null(other) => Some((other, 1, 0)),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Planner {
    nodes: Vec<Node>,
    named: HashMap<Name, Place>,
}

impl Planner {
    fn add(&mut self, schema: &Schema) -> Place {
        let node = match schema {
            Schema::Ref { name } => match self.named.get(name) {
                Some(place) => return *place,
                None => Node::Other,
            },
            Schema::Null => Node::Null,
            Schema::Boolean => Node::Boolean,
            Schema::Int | Schema::Date => Node::Int,
            Schema::Long | Schema::TimestampMillis => Node::Long,
            Schema::Double => Node::Double,
            Schema::Bytes => Node::Bytes,
            Schema::String => Node::String,
            Schema::Array(array) => Node::Array(self.add(&array.items)),
            Schema::Union(union) => Node::Union(union.variants().iter().map(|of| self.add(of)).collect()),
            Schema::Enum(of) => {
                self.named.insert(of.name.clone(), self.nodes.len());
                Node::Enum(of.symbols.clone())
            }
            // With attributes, `apache-avro` reads some records as something else.
            Schema::Record(record) if record.attributes.is_empty() => return self.add_record(record),
            _ => Node::Other,
        };
        self.push(node)
    }

    /// The place of a record is known before its fields are: they may contain it.
    fn add_record(&mut self, record: &apache_avro::schema::RecordSchema) -> Place {
        let place = self.push(Node::Other);
        self.named.insert(record.name.clone(), place);
        let fields =
            record.fields.iter().map(|field| (field.name.clone(), self.add(&field.schema))).collect();
        let known = AtomicPtr::default();
        if let Some(node) = self.nodes.get_mut(place) {
            *node = Node::Record(PlannedRecord { name: record.name.name().to_owned(), fields, known });
        }
        place
    }

    fn push(&mut self, node: Node) -> Place {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}
