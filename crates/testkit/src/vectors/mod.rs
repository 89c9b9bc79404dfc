//! The runner of the cases in `vectors/`. Each module runs one file through the public interface and gives a
//! [`Report`](report::Report).

pub mod access;
pub mod ids;
pub mod keys;
pub mod lineage;
pub mod mint;
mod policy;
mod recipe;
pub mod refresh;
pub mod report;
mod sealed;
pub mod succession;
mod text;
