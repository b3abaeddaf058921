//! A datum in an older version of its schema: without what that version has no place for.

use apache_avro::Schema;
use apache_avro::schema::NamesRef;
use apache_avro::types::Value;

/// What takes the place of a symbol that an older version lacks, where its default would make it refuse the whole record.
const OLDER_SYMBOLS: [(&str, &str); 3] =
    [("NOT_OBSERVED", "NEVER_STARTED"), ("CALENDAR", "NO_FIRE"), ("EXPECTATION", "FAILED")];

/// The datum as the older schema has it. Versions only ever grow (`schemas/README.md`): a field that the older one lacks is
/// left out, a new symbol of an enumeration becomes an older one or the default. `None`: it contains a branch of a union that the older one
/// lacks.
pub(crate) fn narrowed(value: Value, schema: &Schema, names: &NamesRef<'_>) -> Option<Value> {
    Some(match (value, schema) {
        (value, Schema::Ref { name }) => narrowed(value, names.get(name)?, names)?,
        (Value::Record(fields), Schema::Record(record)) => {
            let mut fields = fields.into_iter();
            let kept = record.fields.iter().map(|field| {
                // New fields are between or behind the older ones, which keep their order.
                let (name, value) = fields.find(|(name, _)| *name == field.name)?;
                Some((name, narrowed(value, &field.schema, names)?))
            });
            Value::Record(kept.collect::<Option<_>>()?)
        }
        (Value::Union(branch, value), Schema::Union(union)) => {
            let schema = union.variants().get(usize::try_from(branch).ok()?)?;
            Value::Union(branch, Box::new(narrowed(*value, schema, names)?))
        }
        (Value::Array(items), Schema::Array(array)) => {
            let items = items.into_iter().map(|item| narrowed(item, &array.items, names));
            Value::Array(items.collect::<Option<_>>()?)
        }
        (Value::Enum(_, name), Schema::Enum(of)) => {
            let place = |symbol: &str| of.symbols.iter().position(|known| known == symbol);
            let older = || OLDER_SYMBOLS.iter().find(|(newer, _)| *newer == name).map(|(_, older)| *older);
            let symbol = match place(&name) {
                Some(_) => name.as_str(),
                None => older().or(of.default.as_deref())?,
            };
            Value::Enum(u32::try_from(place(symbol)?).ok()?, symbol.to_owned())
        }
        (value, _) => value,
    })
}
