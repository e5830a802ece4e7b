//! sotto-app
