//! What is wrong with a policy.

/// Why a policy is refused, or does not decide.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file that every policy has is missing.
    #[error("the policy has no file `{file}`")]
    NoFile {
        /// Its name.
        file: &'static str,
    },
    /// A file has a name that means nothing.
    #[error(
        "`{file}` is no file of a policy: it has access rules (*.cedar), masks.toml, filters.toml and purposes.toml"
    )]
    UnknownFile {
        /// Its name.
        file: String,
    },
    /// A file is no TOML of the expected shape.
    #[error("{file}: {cause}")]
    Toml {
        /// The file.
        file: &'static str,
        /// What is wrong, with the line.
        cause: String,
    },
    /// Cedar refuses a file.
    #[error("{file}: {cause}")]
    Cedar {
        /// The file.
        file: String,
        /// What is wrong.
        cause: String,
    },
    /// An expression cannot be used.
    #[error("{place}: {cause}")]
    Expression {
        /// Which mask or filter, for which type or table.
        place: String,
        /// What is wrong, and what would be right.
        cause: String,
    },
    /// An example does not come out.
    #[error("{place}: the example gives {found}, not {wanted}")]
    Example {
        /// Which mask or filter.
        place: String,
        /// What comes out.
        found: String,
        /// What should.
        wanted: String,
    },
    /// A purpose is not declared.
    #[error("`{purpose}` is no purpose of this policy; it has {known}")]
    UnknownPurpose {
        /// As it was said.
        purpose: String,
        /// Those there are.
        known: String,
    },
    /// A policy fails while it decides.
    #[error("the policy `{policy}` cannot decide: {cause}")]
    Evaluation {
        /// Its id.
        policy: String,
        /// Why.
        cause: String,
    },
}
