//! Avro to and from the model; the only reader of schemas/.
