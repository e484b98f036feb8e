//! Why a selection policy cannot be used.

/// Why a selection policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckPolicyError {
    /// Not TOML, or a key that policies do not have.
    #[error("selection policy {file}: {cause}")]
    Syntax {
        /// File as the reader knows it.
        file: String,
        /// What the parser says, with the line.
        cause: String,
    },
    /// A value is out of range.
    #[error("selection policy {file}: `{key}` is {found}, but must be {right}")]
    Value {
        /// File as the reader knows it.
        file: String,
        /// Key of the value.
        key: String,
        /// What it is.
        found: String,
        /// What would be right.
        right: &'static str,
    },
}
