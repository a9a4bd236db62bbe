//! The catalog of the store: what is published, who finds it, and what becomes of it.

pub(crate) mod audience;
mod bombs;
mod complete;
pub(crate) mod fairness;
pub(crate) mod hostile;
pub(crate) mod owners;
pub(crate) mod pages;
pub(crate) mod publishing;
pub(crate) mod rows;
pub(crate) mod searching;
mod speed;
pub(crate) mod stage;
