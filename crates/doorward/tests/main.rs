//! What applications, browsers and attackers see of the SDK.

mod smoke;
