//! How far may we go? Asked of Cedar policies over actor, response, resource and context.
//!
//! `safety.cedar` is compiled in and always part of the set; users add permits, forbids and
//! exceptions, and cannot take safety away.

mod request;

pub use request::Request;
