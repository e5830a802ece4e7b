//! sotto-wasm
