//! The doors through which people and programs read: all of them lead to one desk ([`tidegate_jobs::desk`]).

mod admission;
pub mod flight;
pub mod http;
pub mod postgres;
