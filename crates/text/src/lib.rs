//! Texts that programs and clusters wrote, as kigen keeps and shows them: of an error the lines that explain it, without
//! secrets and without what a terminal would obey. Pure.

pub mod error;
pub mod plain;
pub mod secrets;
