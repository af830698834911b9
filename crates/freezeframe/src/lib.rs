//! freezeframe
