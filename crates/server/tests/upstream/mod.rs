//! A core for other recipes behind the server.

mod answers;
mod handed_on;
mod options;
mod process;
mod removed;
mod stand_in;
