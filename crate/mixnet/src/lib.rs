//! sotto-mixnet
