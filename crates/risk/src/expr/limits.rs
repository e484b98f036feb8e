//! What an expression may cost: every limit of this module, in one place.
//!
//! Expressions come from people with rights to write rules, but a rule is stored, shared and compiled again on
//! every machine; a text that takes a gigabyte of stack or memory to read must fail where it is written.

/// Bytes of expression text. An `IN` list of [`MAX_LIST_ITEMS`] six-digit commodity codes takes about 10,000.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// Words, numbers and signs in the text; bounds the length of `a + b + c ...` before a tree is built from it.
pub const MAX_TOKENS: usize = 4_000;

/// Brackets, calls and `CASE` inside one another, counted while parsing, when each level costs the most stack.
pub const MAX_NESTING: usize = 40;

/// Levels of the checked tree. A chain of `AND` or of `OR` is one level however long; a chain of `+` is not.
pub const MAX_DEPTH: usize = 64;

/// Operators, calls, columns and literals in the checked tree, without the items of `IN` lists.
pub const MAX_NODES: usize = 500;

/// Items of one `IN` list. Longer lists are data: join them in as a column.
pub const MAX_LIST_ITEMS: usize = 1_000;
